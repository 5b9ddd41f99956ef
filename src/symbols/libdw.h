// libdw of elfutils, opened when a file with debug information is met: linked, it would slow every start.
#pragma once

#include <elfutils/libdw.h>

namespace sonde::symbols {

#define SONDE_LIBDW_FUNCTIONS(X) \
  X(dwarf_attr)                  \
  X(dwarf_attr_integrate)        \
  X(dwarf_begin)                 \
  X(dwarf_end)                   \
  X(dwarf_filesrc)               \
  X(dwarf_formstring)            \
  X(dwarf_formudata)             \
  X(dwarf_getscopes)             \
  X(dwarf_getsrc_die)            \
  X(dwarf_getsrcfiles)           \
  X(dwarf_lineno)                \
  X(dwarf_linesrc)               \
  X(dwarf_nextcu)                \
  X(dwarf_offdie)                \
  X(dwarf_ranges)                \
  X(dwarf_tag)

struct Libdw {
// NOLINTNEXTLINE(bugprone-macro-parentheses): the argument is the name that is declared
#define SONDE_DECLARE(function) decltype(&::function) function = nullptr;
  SONDE_LIBDW_FUNCTIONS(SONDE_DECLARE)
#undef SONDE_DECLARE
};

// Null when the library is not there: stacks then have no lines. Opened once; it stays open.
const Libdw* OpenLibdw();

}  // namespace sonde::symbols
