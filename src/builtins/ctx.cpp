// ctx: what the kernel hands to the program.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// Of an iterator, the struct that its probe names; elsewhere an address.
const Type* Check(Checker& checker, const parser::Call& syntax, Call&) {
  const sema::BodyScope& scope = checker.scope();
  if (scope.probe_type->runs_in_tracer) {
    return checker.Fail(sema::kNotAvailable, syntax.name_span,
                        fmt::format("ctx is not available in {} probes", scope.probe_type->name));
  }
  const sema::ArgsFieldInfo* declared = scope.args == nullptr ? nullptr : scope.args->Find("ctx");
  const Type* element = nullptr;
  if (declared != nullptr && declared->is_context) element = checker.types().Struct(declared->c_type);
  return checker.types().Pointer(element, sema::AddressSpace::kKernel);
}

// As a plain number, which may be kept and calculated with: what a helper has copied is one to the verifier.
llvm::Value* Lower(BodyContext& body, const sema::Expr&, const Call&) {
  llvm::Value* place = body.Temporary(8);
  llvm::Value* copy = body.Temporary(8);
  body.ir().CreateAlignedStore(body.ir().CreatePtrToInt(body.ctx(), body.ir().getInt64Ty()), place, llvm::Align(8));
  body.ReadMemory(copy, 8, place, sema::AddressSpace::kKernel);
  return body.ir().CreateAlignedLoad(body.ir().getInt64Ty(), copy, llvm::Align(8));
}

}  // namespace

const Builtin kCtx{
    .name = "ctx",
    .form = BuiltinForm::kVariable,
    .signature = "ctx",
    .summary = "What the kernel hands to the program: in iter probes a struct, ctx.task; else an address.",
    .check = Check,
    .lower = Lower};

}  // namespace sonde::builtins
