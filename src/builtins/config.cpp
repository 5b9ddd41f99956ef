// config: the settings that this script runs with.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckConfig(Checker& checker, const parser::Call&, Call& call) {
  const sema::Options& options = checker.options();
  const Type* number = checker.types().Uint64();
  call.data.text = options.stack_mode;
  call.data.integers = {static_cast<int64_t>(options.max_map_keys), static_cast<int64_t>(options.max_probes),
                        options.max_strlen};
  return checker.types().Record({"max_map_keys", "max_probes", "max_strlen", "stack_mode"},
                                {number, number, number, checker.types().String(16)});
}

llvm::Value* WriteConfig(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  body.Zero(target, expr.type->size);
  const std::vector<sema::Field>& fields = expr.type->fields;
  for (size_t i = 0; i < call.data.integers.size(); ++i) {
    body.StoreScalar(body.I64(static_cast<uint64_t>(call.data.integers[i])), *fields[i].type,
                     body.At(target, fields[i].offset));
  }
  std::string text = call.data.text;
  text.resize(fields.back().type->size);
  body.StoreBytes(body.At(target, fields.back().offset), text);
  return nullptr;
}

}  // namespace

const Builtin kConfig{.name = "config",
                      .form = BuiltinForm::kVariable,
                      .signature = "record config",
                      .summary = "The settings of this run: config.max_strlen, max_map_keys, max_probes, stack_mode.",
                      .example = "BEGIN { print(config.max_strlen); exit(); }",
                      .fills_target = true,
                      .check = CheckConfig,
                      .lower_into = WriteConfig};

}  // namespace sonde::builtins
