// func: the function that a probe is in.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckFunc(Checker& checker, const parser::Call& syntax, Call&) {
  if (!checker.scope().probe_type->is_in_function) {
    checker
        .Report(sema::kNotAvailable, syntax.name_span,
                fmt::format("func is not available in {} probes", checker.scope().probe_type->name))
        .Hint("probe names the probe that fired");
    return checker.types().Error();
  }
  checker.scope().body->uses_probe_name = true;
  checker.scope().body->uses_function_name = true;
  return checker.types().Probe();
}

// Its name stands behind those of all probes.
llvm::Value* LowerFunc(BodyContext& body, const sema::Expr&, const Call&) {
  return body.ir().CreateAdd(body.probe_id(), body.I64(body.module().program.probes.size()));
}

}  // namespace

const Builtin kFunc{.name = "func",
                    .form = BuiltinForm::kVariable,
                    .signature = "string func",
                    .summary = "The name of the function that the probe is in.",
                    .check = CheckFunc,
                    .lower = LowerFunc};

}  // namespace sonde::builtins
