// libdw of elfutils, opened when a file with debug information is met: linked, it would slow every start.
#pragma once

#include <elfutils/libdw.h>

namespace sonde::kernel {

#define SONDE_LIBDW_FUNCTIONS(X) \
  X(dwarf_attr)                  \
  X(dwarf_attr_integrate)        \
  X(dwarf_begin)                 \
  X(dwarf_cfi_addrframe)         \
  X(dwarf_child)                 \
  X(dwarf_decl_file)             \
  X(dwarf_diecu)                 \
  X(dwarf_dieoffset)             \
  X(dwarf_diename)               \
  X(dwarf_end)                   \
  X(dwarf_entrypc)               \
  X(dwarf_filesrc)               \
  X(dwarf_formflag)              \
  X(dwarf_formref_die)           \
  X(dwarf_formsdata)             \
  X(dwarf_formstring)            \
  X(dwarf_formudata)             \
  X(dwarf_frame_cfa)             \
  X(dwarf_getcfi)                \
  X(dwarf_getcfi_elf)            \
  X(dwarf_getlocation)           \
  X(dwarf_getlocation_addr)      \
  X(dwarf_getscopes)             \
  X(dwarf_getscopes_die)         \
  X(dwarf_getsrc_die)            \
  X(dwarf_getsrcfiles)           \
  X(dwarf_getsrclines)           \
  X(dwarf_lineaddr)              \
  X(dwarf_linebeginstatement)    \
  X(dwarf_lineendsequence)       \
  X(dwarf_lineno)                \
  X(dwarf_linesrc)               \
  X(dwarf_nextcu)                \
  X(dwarf_offdie)                \
  X(dwarf_onesrcline)            \
  X(dwarf_ranges)                \
  X(dwarf_siblingof)             \
  X(dwarf_tag)                   \
  X(dwarf_whatform)              \
  X(dwarf_cfi_end)

struct Libdw {
// NOLINTNEXTLINE(bugprone-macro-parentheses): the argument is the name that is declared
#define SONDE_DECLARE(function) decltype(&::function) function = nullptr;
  SONDE_LIBDW_FUNCTIONS(SONDE_DECLARE)
#undef SONDE_DECLARE
};

// Null when the library is not there: what it reads is then not known. Opened once; it stays open.
const Libdw* OpenLibdw();

}  // namespace sonde::kernel
