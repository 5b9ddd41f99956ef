// exit([code]): ends the script; statements behind it in the body do not run.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  if (!syntax.args.empty()) {
    sema::ExprPtr code = checker.CheckInteger(*syntax.args[0], "the exit status");
    if (code->type->IsVague()) return code->type;
    call.args.push_back(std::move(code));
  }
  call.data.event = checker.AddEvent({.kind = image::EventKind::kExit, .span = syntax.name_span, .function = "exit"});
  return checker.types().Void();
}

}  // namespace

const Builtin kExit{.name = "exit",
                    .signature = "void exit([int code])",
                    .summary = "Ends the script, with this exit status.",
                    .example = "interval:s:10 { exit(); }",
                    .min_args = 0,
                    .max_args = 1,
                    .has_effect = true,
                    .check = Check,
                    .lower = [](BodyContext& body, const sema::Expr& expr, const Call& call) -> llvm::Value* {
                      llvm::Value* code = call.args.empty() ? body.I64(0) : body.Lower(*call.args[0]);
                      body.LowerExit(call.data.event, code, expr.span);
                      return nullptr;
                    }};

}  // namespace sonde::builtins
