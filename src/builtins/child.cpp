// The command that the run was started with (-c): cpid, has_cpid.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckPid(Checker& checker, const parser::Call& syntax, Call&) {
  const bool is_behind_test = checker.scope().unreachable > 0;
  if (checker.options().has_child || is_behind_test) return checker.types().Int(4, false);
  checker.Report(sema::kNotAvailable, syntax.name_span, "cpid is not available, since no command is started")
      .Hint("give one by -c, or test has_cpid");
  return checker.types().Error();
}

}  // namespace

const Builtin kCpid{.name = "cpid",
                    .form = BuiltinForm::kVariable,
                    .signature = "uint32 cpid",
                    .summary = "The process id of the command that -c started.",
                    .check = CheckPid,
                    .lower = [](BodyContext& body, const sema::Expr& expr, const Call&) {
                      return body.LoadScalar(*expr.type, body.ControlField(offsetof(image::Control, child_pid)));
                    }};

const Builtin kHasCpid{
    .name = "has_cpid",
    .form = BuiltinForm::kVariable,
    .signature = "bool has_cpid",
    .summary = "Whether the run started a command by -c.",
    .example = "tracepoint:syscalls:sys_enter_openat { if (has_cpid) { @ = count(); } }",
    .check = [](Checker& checker, const parser::Call&, Call& call) {
      call.data.constant = checker.options().has_child ? 1 : 0;
      return checker.types().Bool();
    }};

}  // namespace sonde::builtins
