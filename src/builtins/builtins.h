// src/builtins: one descriptor for each builtin variable and function. Adding one: a file, a line in list.def, a test.
#pragma once

#include "sema/builtin.h"

namespace sonde::builtins {

// All of them, in the order of list.def.
sema::BuiltinTable Table();

// What calls of C functions are lowered by; no script names it.
extern const sema::Builtin kCFunction;

#define SONDE_BUILTIN(name) extern const sema::Builtin k##name;
#include "builtins/list.def"
#undef SONDE_BUILTIN

}  // namespace sonde::builtins
