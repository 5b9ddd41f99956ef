// `args` alone; arg0 … arg9: the arguments of a function by number.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckNumbered(Checker& checker, const parser::Call& syntax, Call& call) {
  if (checker.scope().probe_type->has_function_arguments) {
    call.data.integers = {syntax.name[3] - '0'};
    return checker.types().Uint64();
  }
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (probe.has_numbered_args) {
    call.args.push_back(checker.CheckNumberedArgument(syntax.name, syntax.name_span));
    return call.args.back()->type;
  }
  checker
      .Report(sema::kNotAvailable, syntax.name_span,
              fmt::format("{} is not available in {} probes", syntax.name, probe.name))
      .Hint(probe.has_args ? "their arguments have names: args.field; sonde -lv shows them" : "they have no arguments");
  return checker.types().Error();
}

constexpr Builtin Numbered(std::string_view name) {
  return {.name = name,
          .form = BuiltinForm::kVariable,
          .signature = "uint64 argN (the declared type in usdt)",
          .summary = "An argument of the function that the probe is in, or of the usdt probe, by its number from 0.",
          .example = "uprobe:libc:malloc { @bytes = hist(arg0); }",
          .check = CheckNumbered,
          .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
            if (!call.args.empty()) return body.Lower(*call.args[0]);
            return body.FunctionArgument(static_cast<uint32_t>(call.data.integers[0]));
          }};
}

// All fields that the event itself has, by their names.
const Type* CheckWhole(Checker& checker, const parser::Call& syntax, Call& call) {
  const sema::ArgsLayout* args = checker.scope().args;
  if (args == nullptr || !checker.scope().probe_type->has_args) {
    // Says why there are none.
    return checker.CheckArgsField("", syntax.name_span, syntax.name_span)->type;
  }
  std::vector<std::string> names;
  std::vector<const Type*> elements;
  sema::Tuple tuple;
  for (const sema::ArgsFieldInfo& field : args->fields) {
    if (field.is_return || field.name.starts_with("common_") || field.is_syscall_number) continue;
    // What cannot be had is left out here, and refused where it is asked for by name.
    if (!checker.CanReadField(field)) continue;
    sema::ExprPtr value = checker.CheckArgsField(field.name, syntax.name_span, syntax.name_span);
    if (value->type->IsVague()) return value->type;
    checker.CompleteDeeply(value->type);
    names.push_back(field.name);
    elements.push_back(value->type);
    tuple.elements.push_back(std::move(value));
  }
  const Type* record = checker.types().Record(names, elements);
  call.args.push_back(checker.Make(syntax.name_span, record, std::move(tuple)));
  return record;
}

}  // namespace

const Builtin kArgs{
    .name = "args",
    .form = BuiltinForm::kVariable,
    .signature = "args",
    .summary = "The fields of the event: args.name; alone, all of them with their names.",
    .example = "tracepoint:sched:sched_switch { print(args); exit(); }",
    .check = CheckWhole,
    .lower_into = [](BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) -> llvm::Value* {
      return body.LowerInto(*call.args[0], *expr.type, target);
    }};

const Builtin kArg0 = Numbered("arg0");
const Builtin kArg1 = Numbered("arg1");
const Builtin kArg2 = Numbered("arg2");
const Builtin kArg3 = Numbered("arg3");
const Builtin kArg4 = Numbered("arg4");
const Builtin kArg5 = Numbered("arg5");
const Builtin kArg6 = Numbered("arg6");
const Builtin kArg7 = Numbered("arg7");
const Builtin kArg8 = Numbered("arg8");
const Builtin kArg9 = Numbered("arg9");

}  // namespace sonde::builtins
