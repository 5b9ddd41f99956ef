// What fdpath() and call_with_paths() read of the kernel.
#pragma once

#include "builtins/common.h"

namespace sonde::builtins {

// Puts the offsets of codegen::FdPathFields into `call`. False, and reported, where the kernel's types lack one.
bool FindFdPathFields(Checker& checker, const parser::Call& syntax, Call& call);

}  // namespace sonde::builtins
