// Includes and names that most descriptors need.
#pragma once

#include <fmt/format.h>
#include <linux/bpf.h>

#include "builtins/builtins.h"
#include "codegen/body_context.h"
#include "sema/checker.h"

namespace sonde::builtins {

using codegen::BodyContext;
using sema::Builtin;
using sema::BuiltinForm;
using sema::Call;
using sema::Checker;
using sema::Type;

// The bytes of a value, to be read as they are: a text behind a pointer would end at the first zero, so that it becomes
// a pointer to an array of bytes.
inline sema::ExprPtr CheckBytes(Checker& checker, const parser::Expr& syntax) {
  sema::ExprPtr value = checker.CheckPlace(syntax);
  const bool is_text_in_memory = value->type->IsString() && std::holds_alternative<sema::Load>(value->node);
  if (!is_text_in_memory) return value;
  const Type* bytes = checker.types().Array(checker.types().Int(1, false), value->type->size);
  return checker.AddressOfLoad(syntax.span, std::move(value), bytes);
}

}  // namespace sonde::builtins
