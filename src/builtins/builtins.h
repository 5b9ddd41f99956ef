// src/builtins: one descriptor for each builtin variable and function. Adding one: a file, a line in list.def, a test.
#pragma once

#include "sema/builtin.h"

namespace sonde::builtins {

// All of them, in the order of list.def, then those that are not built yet.
sema::BuiltinTable Table();

// Names of the language that are known and refused: "… is not supported yet".
std::span<const sema::Builtin> NotBuiltYet();

#define SONDE_BUILTIN(name) extern const sema::Builtin k##name;
#include "builtins/list.def"
#undef SONDE_BUILTIN

}  // namespace sonde::builtins
