// `args` alone: the address of the tracepoint's record.
#include "builtins/common.h"

namespace sonde::builtins {

const Builtin kArgs{.name = "args",
                    .form = BuiltinForm::kVariable,
                    .signature = "args",
                    .summary = "The fields of the event: args.name.",
                    .check = [](Checker& checker, const parser::Call& syntax, Call&) {
                      return checker.Fail(sema::kNotSupported, syntax.name_span,
                                          "args without a field is not supported yet");
                    }};

}  // namespace sonde::builtins
