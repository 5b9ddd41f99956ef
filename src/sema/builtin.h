// The descriptor of a builtin variable or function: all that any room knows of it. Rows live in src/builtins.
#pragma once

#include <span>
#include <string_view>

#include "parser/ast.h"
#include "sema/program.h"

namespace llvm {
class Value;
}
namespace sonde::codegen {
class BodyContext;
}

namespace sonde::sema {

class Checker;

// Types and checks a call. `call` comes with its builtin set and no arguments; the hook checks those it wants through
// Checker and appends them. Returns the call's type (Error when it has reported something).
using CheckHook = const Type* (*)(Checker& checker, const parser::Call& syntax, Call& call);
// The value in a register, in the canonical extension of its type (null for void).
using LowerHook = llvm::Value* (*)(codegen::BodyContext& body, const Expr& expr, const Call& call);
// A string or other value in memory: writes it to `target` (capacity: the type's size). Returns the length of a string
// without its NUL as i64, null for other types.
using LowerIntoHook = llvm::Value* (*)(codegen::BodyContext& body, const Expr& expr, const Call& call,
                                       llvm::Value* target);
// Of a function that prints its value where nobody takes it: turns the checked call into that statement.
using StatementHook = void (*)(Checker& checker, Span span, Call& call);
// Aggregations: adds the call's value to the map value at `value`, in place.
using UpdateHook = void (*)(codegen::BodyContext& body, const Call& call, const MapInfo& map, llvm::Value* value);

enum class BuiltinForm {
  kVariable,  // `pid`, also callable as `pid()`
  kFunction,  // `printf(…)`
};

inline constexpr int kAnyNumber = 1000;

struct Builtin {
  std::string_view name;
  BuiltinForm form = BuiltinForm::kFunction;
  std::string_view signature;  // "void printf(const string fmt, args...)"
  std::string_view summary;    // one sentence
  std::string_view example;    // a whole script, which the tests compile
  int min_args = 0;
  int max_args = 0;
  bool is_unsafe = false;
  // A statement alone may ignore the value; a warning is given for a statement that has no effect.
  bool has_effect = false;
  // lower_into writes every byte of its target, padding included.
  bool fills_target = false;
  CheckHook check = nullptr;
  StatementHook as_statement = nullptr;
  LowerHook lower = nullptr;
  LowerIntoHook lower_into = nullptr;
  UpdateHook update = nullptr;
};

using BuiltinTable = std::span<const Builtin* const>;

}  // namespace sonde::sema
