// Of a call from its beginning to its end: elapsed_ns, call.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckElapsedNs(Checker& checker, const parser::Call& syntax, Call&) {
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (!probe.has_elapsed_ns) {
    checker
        .Report(sema::kNotAvailable, syntax.name_span,
                fmt::format("elapsed_ns is not available in {} probes", probe.name))
        .Hint("it is the time that a call took: syscall:name; elapsed is the time since the script was started");
    return checker.types().Error();
  }
  if (checker.scope().unreachable == 0) checker.scope().body->needs_enter = true;
  return checker.types().Uint64();
}

const Type* CheckCall(Checker& checker, const parser::Call& syntax, Call&) {
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (probe.returns_errors) return checker.types().CallText();
  return checker.Fail(sema::kNotAvailable, syntax.name_span,
                      fmt::format("call is not available in {} probes, but in syscall probes", probe.name));
}

}  // namespace

const Builtin kElapsedNs{.name = "elapsed_ns",
                         .form = BuiltinForm::kVariable,
                         .signature = "uint64 elapsed_ns",
                         .summary = "How long the call took, in nanoseconds.",
                         .example = "syscall:read { @ns = hist(elapsed_ns); }",
                         .check = CheckElapsedNs,
                         .lower = [](BodyContext& body, const sema::Expr&, const Call&) { return body.ElapsedNs(); }};

const Builtin kCall{.name = "call",
                    .form = BuiltinForm::kVariable,
                    .signature = "call call",
                    .summary = "The system call as strace writes it: its name, its arguments by name, its result.",
                    .example = "syscall:openat { printf(\"%s\\n\", call); }",
                    .check = CheckCall,
                    .lower_into = [](BodyContext& body, const sema::Expr&, const Call&, llvm::Value* target) {
                      return body.CaptureCall(target, image::kCallBytes);
                    }};

}  // namespace sonde::builtins
