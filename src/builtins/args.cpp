// `args` alone; arg0 … arg9: the arguments of a function by number.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckNumbered(Checker& checker, const parser::Call& syntax, Call& call) {
  if (checker.scope().probe_type->has_function_arguments) {
    call.data.integers = {syntax.name[3] - '0'};
    return checker.types().Uint64();
  }
  std::string_view probe = checker.scope().probe_type->name;
  checker
      .Report(sema::kNotAvailable, syntax.name_span,
              fmt::format("{} is not available in {} probes", syntax.name, probe))
      .Hint(checker.scope().probe_type->has_args ? "their arguments have names: args.field; sonde -lv shows them"
                                                 : "they have no arguments");
  return checker.types().Error();
}

constexpr Builtin Numbered(std::string_view name) {
  return {.name = name,
          .form = BuiltinForm::kVariable,
          .signature = "uint64 argN",
          .summary = "An argument of the function that the probe is in, by its number from 0.",
          .check = CheckNumbered,
          .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
            return body.FunctionArgument(static_cast<uint32_t>(call.data.integers[0]));
          }};
}

}  // namespace

const Builtin kArgs{.name = "args",
                    .form = BuiltinForm::kVariable,
                    .signature = "args",
                    .summary = "The fields of the event: args.name.",
                    .check = [](Checker& checker, const parser::Call& syntax, Call&) {
                      return checker.Fail(sema::kNotSupported, syntax.name_span,
                                          "args without a field is not supported yet");
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
