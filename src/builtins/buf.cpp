// buf(p[, n]): bytes as they lie, with their number before them.
#include <algorithm>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

bool StandsInMemory(const Type& type) { return type.IsArray() || type.IsString(); }

// Sets the buffer's capacity; a length that is only known at run time becomes the second argument.
const Type* CheckLength(Checker& checker, const parser::Expr& expr, uint32_t limit, Call& call) {
  sema::ExprPtr length = checker.CheckInteger(expr, "the length");
  if (length->type->IsVague()) return length->type;
  if (const sema::Constant* constant = length->AsConstant()) {
    if (length->type->is_signed && static_cast<int64_t>(constant->bits) < 0) {
      return checker.Fail(sema::kOutOfRange, expr.span, "the length must not be negative");
    }
    return checker.types().Buffer(static_cast<uint32_t>(std::min<uint64_t>(constant->bits, limit)));
  }
  call.args.push_back(checker.Coerce(std::move(length), checker.types().Uint64(), "the length"));
  return checker.types().Buffer(limit);
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr source = CheckBytes(checker, *syntax.args[0]);
  const Type* type = source->type;
  if (type->IsVague()) return type;
  if (!StandsInMemory(*type) && !type->IsPointer() && !type->IsInteger()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("buf() takes an address or an array, but this is {}", sema::Name(*type)));
  }
  uint32_t limit = checker.options().max_strlen;
  if (StandsInMemory(*type)) limit = std::min(limit, type->size);
  call.args.push_back(std::move(source));
  if (syntax.args.size() > 1) return CheckLength(checker, *syntax.args[1], limit, call);
  if (StandsInMemory(*type)) return checker.types().Buffer(limit);
  if (type->IsPointer() && type->element != nullptr && type->element->IsArray()) {
    return checker.types().Buffer(std::min(limit, type->element->size));
  }
  return checker.Fail(sema::kWrongArgumentCount, syntax.name_span, "buf() of an address needs a length");
}

llvm::Value* Write(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  const sema::Expr& source = *call.args[0];
  uint64_t capacity = expr.type->size - image::kBufferLengthBytes;
  llvm::Value* length = body.I64(capacity);
  if (call.args.size() > 1) length = body.AtMost(body.Lower(*call.args[1]), capacity);
  // A plain number (a pointer kept in a map as one) is taken for an address of the process.
  sema::AddressSpace space = source.type->IsInteger() ? sema::AddressSpace::kUser : source.type->space;
  llvm::Value* address = StandsInMemory(*source.type) ? body.LowerAddress(source) : body.Lower(source);
  body.StoreLength(length, target);
  body.ReadMemory(body.At(target, uint64_t{image::kBufferLengthBytes}), length, address, space);
  return length;
}

}  // namespace

const Builtin kBuf{
    .name = "buf",
    .signature = "buffer buf(void *data[, int64 length])",
    .summary = "The bytes at an address (at most max_strlen), or of an array; printed by %r, %rx and %rh.",
    .example = "tracepoint:syscalls:sys_enter_write { printf(\"%r\\n\", buf(args.buf, args.count)); }",
    .min_args = 1,
    .max_args = 2,
    .check = Check,
    .lower_into = Write};

}  // namespace sonde::builtins
