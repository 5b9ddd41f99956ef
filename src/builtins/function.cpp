// func: the function that a probe is in.
#include <map>

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

// Its name stands behind those of all probes. Probes in one function (its entry and its return) give one value, that of
// the first, so that they are one key.
llvm::Value* LowerFunc(BodyContext& body, const sema::Expr&, const Call&) {
  const std::vector<sema::ProbeInstance>& probes = body.module().program.probes;
  const auto own = static_cast<uint32_t>(&body.body() - body.module().program.bodies.data());
  std::map<std::string_view, uint64_t> first;
  llvm::Value* id = body.probe_id();
  for (uint64_t i = 0; i < probes.size(); ++i) {
    const auto [known, is_new] = first.try_emplace(probes[i].function, i);
    if (is_new || probes[i].body != own) continue;
    llvm::Value* is_it = body.ir().CreateICmpEQ(body.probe_id(), body.I64(i));
    id = body.ir().CreateSelect(is_it, body.I64(known->second), id);
  }
  return body.ir().CreateAdd(id, body.I64(probes.size()));
}

}  // namespace

const Builtin kFunc{.name = "func",
                    .form = BuiltinForm::kVariable,
                    .signature = "string func",
                    .summary = "The name of the function that the probe is in.",
                    .check = CheckFunc,
                    .lower = LowerFunc};

}  // namespace sonde::builtins
