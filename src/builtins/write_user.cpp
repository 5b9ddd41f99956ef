// write_user(address, value): changes the memory of the traced process. Unsafe.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr address = checker.Check(*syntax.args[0]);
  sema::ExprPtr value = checker.Check(*syntax.args[1]);
  if (address->type->IsVague() || value->type->IsVague()) return checker.types().Error();
  if (!address->type->IsPointer() && !address->type->IsInteger()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("write_user() takes an address, but this is {}", sema::Name(*address->type)));
  }
  const Type* type = value->type;
  if (type->size == 0 || type->kind == sema::TypeKind::kAggregate || type->IsBuffer()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[1]->span,
                        fmt::format("{} cannot be written to memory", sema::Name(*type)));
  }
  // A number takes the width of what the pointer leads to.
  const Type* target = address->type->IsPointer() ? address->type->element : nullptr;
  if (target != nullptr && target->IsInteger() && type->IsInteger()) {
    value = checker.Coerce(std::move(value), target, "the value");
  }
  call.args.push_back(std::move(address));
  call.args.push_back(std::move(value));
  return checker.types().Int64();
}

llvm::Value* Lower(BodyContext& body, const sema::Expr&, const Call& call) {
  const sema::Expr& value = *call.args[1];
  const Type& type = *value.type;
  llvm::Value* address = body.Lower(*call.args[0]);
  llvm::Value* source = nullptr;
  llvm::Value* length = body.I64(type.size);
  if (type.IsScalar()) {
    source = body.Temporary(type.size);
    body.StoreScalar(body.Lower(value), type, source);
  } else if (type.IsString()) {
    source = body.Temporary(type.size);
    llvm::Value* text = body.AtMost(body.LowerTextInto(value, type, source), type.size - 1);
    length = body.ir().CreateAdd(text, body.I64(1));  // with its NUL
  } else {
    source = body.Temporary(type.size);
    body.LowerInto(value, type, source);
  }
  llvm::Value* code = body.Helper(BPF_FUNC_probe_write_user, {address, source, length});
  body.NoteFailure(code, BPF_FUNC_probe_write_user);
  return code;
}

}  // namespace

const Builtin kWriteUser{
    .name = "write_user",
    .signature = "int64 write_user(void *address, value)",
    .summary = "Writes a value over what stands at an address of the current process; 0, or a negative error number.",
    .example =
        "tracepoint:syscalls:sys_enter_openat /str(args.filename) == \"/a\"/ "
        "{ write_user(args.filename, \"/b\"); }",
    .min_args = 2,
    .max_args = 2,
    .is_unsafe = true,
    .has_effect = true,
    .check = Check,
    .lower = Lower};

}  // namespace sonde::builtins
