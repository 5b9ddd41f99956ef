// What C++ does with objects of a class when they are passed.
#pragma once

#include "kernel/dwarf_die.h"

namespace sonde::kernel {

// Whether an object is passed by its address though it is declared as a value: it has a copy constructor, a move
// constructor or a destructor that does something (Itanium C++ ABI, "non-trivial for the purposes of calls").
bool IsPassedByReference(const DwarfDie& type);

}  // namespace sonde::kernel
