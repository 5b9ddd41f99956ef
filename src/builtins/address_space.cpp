// kptr(p), uptr(p): where a pointer leads, for those that the script knows more about than the checker.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call, sema::AddressSpace space) {
  sema::ExprPtr value = checker.Check(*syntax.args[0]);
  const Type* type = value->type;
  if (type->IsVague()) return type;
  if (!type->IsPointer() && !type->IsInteger()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("{}() takes a pointer, but this is {}", syntax.name, sema::Name(*type)));
  }
  call.args.push_back(std::move(value));
  return type->IsPointer() ? checker.types().InSpace(type, space) : checker.types().Pointer(nullptr, space);
}

llvm::Value* Lower(BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }

}  // namespace

const Builtin kKptr{.name = "kptr",
                    .signature = "T *kptr(T *p)",
                    .summary = "The same pointer, taken for one into the kernel's memory.",
                    .example = "BEGIN { print(kptr(curtask).pid); exit(); }",
                    .min_args = 1,
                    .max_args = 1,
                    .check = [](Checker& checker, const parser::Call& syntax,
                                Call& call) { return Check(checker, syntax, call, sema::AddressSpace::kKernel); },
                    .lower = Lower};

const Builtin kUptr{.name = "uptr",
                    .signature = "T *uptr(T *p)",
                    .summary = "The same pointer, taken for one into the memory of the process.",
                    .example = "tracepoint:syscalls:sys_enter_openat { print(str(uptr(args.filename))); }",
                    .min_args = 1,
                    .max_args = 1,
                    .check = [](Checker& checker, const parser::Call& syntax,
                                Call& call) { return Check(checker, syntax, call, sema::AddressSpace::kUser); },
                    .lower = Lower};

}  // namespace sonde::builtins
