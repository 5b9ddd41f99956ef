// The compressed symbol table that some distributions leave in their stripped programs: a section .gnu_debugdata, which
// holds an ELF file packed by xz.
#pragma once

#include "base/unique_fd.h"

struct Elf;

namespace sonde::symbols {

// The unpacked file, in memory; not valid when there is none, or liblzma is not there.
UniqueFd OpenMiniDebugInfo(Elf* elf);

}  // namespace sonde::symbols
