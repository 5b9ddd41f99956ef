// Where a variable lies when its program stands at an instruction, by the DWARF expressions for it.
#pragma once

#include <optional>

#include "kernel/dwarf_die.h"
#include "kernel/user_location.h"

namespace sonde::kernel {

// What the expressions are about.
struct DwarfFrame {
  uint64_t address = 0;      // of the instruction, the file's own
  bool is_entry = false;     // the function's first: nothing has been saved yet
  Dwarf_CFI* frames = nullptr;  // the file's unwinding tables; null: none
  std::optional<DwarfDie> function;
};

// Empty when the variable has no place there, or, at the entry, one that only later instructions make true (a slot of
// the frame): the calling convention says it then. A `problem` when it has one that cannot be read.
std::optional<UserLocation> PlaceOf(const DwarfDie& variable, const DwarfFrame& frame);

}  // namespace sonde::kernel
