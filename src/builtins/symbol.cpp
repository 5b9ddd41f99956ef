// ksym(addr), usym(addr): an address that is shown by the name of what stands there.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

using sema::AddressSpace;

template <AddressSpace kSpace>
const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr address = checker.Check(*syntax.args[0]);
  const Type* type = address->type;
  if (type->IsVague()) return type;
  if (!type->IsInteger() && !type->IsPointer()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("{}() takes an address, but this is {}", syntax.name, sema::Name(*type)));
  }
  if (type->IsInteger()) address = checker.Coerce(std::move(address), checker.types().Uint64(), "the address");
  call.args.push_back(std::move(address));
  if (kSpace == AddressSpace::kKernel) return checker.types().Rendered(image::ValueKind::kKernelSymbol, 8);
  return checker.types().Rendered(image::ValueKind::kUserSymbol, sizeof(image::UserAddress));
}

llvm::Value* WriteUserAddress(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* address = body.Lower(*call.args[0]);
  body.AnnounceAddress(address);
  llvm::Value* pid = ir.CreateLShr(body.Helper(BPF_FUNC_get_current_pid_tgid, {}), 32);
  llvm::Align align(body.AlignmentOf(target));
  ir.CreateAlignedStore(address, body.At(target, offsetof(image::UserAddress, address)), align);
  ir.CreateAlignedStore(pid, body.At(target, offsetof(image::UserAddress, pid)), align);
  return nullptr;
}

}  // namespace

const Builtin kKsym{
    .name = "ksym",
    .signature = "ksym ksym(uint64 addr)",
    .summary = "An address of the kernel, shown as the name of the function or variable that it lies in.",
    .example = "begin { print(ksym(0xffffffff81000000)); exit(); }",
    .min_args = 1,
    .max_args = 1,
    .check = Check<AddressSpace::kKernel>,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }};

const Builtin kUsym{
    .name = "usym",
    .signature = "usym usym(uint64 addr)",
    .summary = "An address of the current process, shown as the name of the function or variable that it lies in.",
    .min_args = 1,
    .max_args = 1,
    .fills_target = true,
    .check = Check<AddressSpace::kUser>,
    .lower_into = WriteUserAddress};

}  // namespace sonde::builtins
