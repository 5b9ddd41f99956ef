// strlen(s), strcap(s): how long a text is, and how long it may become.
#include <algorithm>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

bool IsByteArray(const Type& type) { return type.IsArray() && type.element->IsInteger() && type.element->size == 1; }

bool IsBytePointer(const Type& type) {
  return type.IsPointer() && type.element != nullptr && type.element->IsInteger() && type.element->size == 1;
}

// Takes the one argument; null (after a report) when it is no text.
const Type* CheckText(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr text = checker.Check(*syntax.args[0]);
  const Type* type = text->type;
  if (type->IsVague()) return type;
  if (!type->IsString() && !IsByteArray(*type) && !IsBytePointer(*type)) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("{}() takes text, but this is {}", syntax.name, sema::Name(*type)));
  }
  call.args.push_back(std::move(text));
  return type;
}

const Type* CheckLength(Checker& checker, const parser::Call& syntax, Call& call) {
  const Type* type = CheckText(checker, syntax, call);
  if (type->IsVague()) return type;
  if (const sema::StringConstant* text = call.args[0]->AsString()) {
    call.data.constant = std::min(text->value.find('\0'), text->value.size());
  }
  // Where a text is read from: as large as it may become.
  call.data.integers = {type->IsPointer() ? checker.options().max_strlen : type->size};
  return checker.types().Uint64();
}

const Type* CheckCapacity(Checker& checker, const parser::Call& syntax, Call& call) {
  const Type* type = CheckText(checker, syntax, call);
  if (type->IsVague()) return type;
  call.data.constant = type->IsPointer() ? checker.options().max_strlen : type->size;
  return checker.types().Int64();
}

llvm::Value* LowerLength(BodyContext& body, const sema::Expr&, const Call& call) {
  const sema::Expr& text = *call.args[0];
  auto capacity = static_cast<uint32_t>(call.data.integers[0]);
  if (text.type->IsString()) return body.LowerTextInto(text, *text.type, body.Temporary(capacity));
  bool points = text.type->IsPointer();
  // An array that is full has no NUL, so there is room for one more.
  llvm::Value* copy = body.Temporary(capacity + 1);
  llvm::Value* address = points ? body.Lower(text) : body.LowerAddress(text);
  sema::AddressSpace space = points ? text.type->space : sema::AddressSpace::kKernel;
  if (points) return body.ReadString(copy, body.I64(capacity), address, space);
  body.Zero(copy, capacity + 1);
  body.Copy(copy, address, capacity);
  return body.ReadString(copy, body.I64(capacity + 1), copy, space);
}

}  // namespace

const Builtin kStrlen{
    .name = "strlen",
    .signature = "uint64 strlen(string text)",
    .summary = "The number of bytes of a text, an array of bytes, or what is read at a pointer to them.",
    .example = "tracepoint:syscalls:sys_enter_openat { @ = hist(strlen(str(args.filename))); }",
    .min_args = 1,
    .max_args = 1,
    .check = CheckLength,
    .lower = LowerLength};

const Builtin kStrcap{.name = "strcap",
                      .signature = "int64 strcap(string text)",
                      .summary = "The bytes that a text may take where it is kept, with its NUL; those of an array.",
                      .example = "BEGIN { print(strcap(comm)); exit(); }",
                      .min_args = 1,
                      .max_args = 1,
                      .check = CheckCapacity};

}  // namespace sonde::builtins
