// Wall-clock time: time(fmt), strftime(fmt, ns).
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckTime(Checker& checker, const parser::Call& syntax, Call& call) {
  std::string format = "%H:%M:%S\n";
  if (!syntax.args.empty()) {
    std::optional<std::string> given = checker.CheckStringLiteral(*syntax.args[0], "the format");
    if (!given) return checker.types().Error();
    format = *given;
  }
  call.data.event = checker.AddEvent({.kind = image::EventKind::kTime,
                                      .span = syntax.name_span,
                                      .function = "time",
                                      .values = {checker.types().Timestamp(format)},
                                      .text = format});
  // The moment of the event, not of its printing.
  call.args.push_back(checker.Make(syntax.name_span, checker.types().Timestamp(format), Call{.builtin = &kNsecs}));
  return checker.types().Void();
}

const Type* CheckStrftime(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> format = checker.CheckStringLiteral(*syntax.args[0], "the format");
  sema::ExprPtr time = checker.CheckInteger(*syntax.args[1], "the time");
  if (!format || time->type->IsVague()) return checker.types().Error();
  // Now is now by every clock; the reader knows that of boot.
  if (auto* now = std::get_if<Call>(&time->node); now != nullptr && now->builtin == &kNsecs) now->data.integers.clear();
  call.args.push_back(checker.Coerce(std::move(time), checker.types().Uint64(), "the time"));
  return checker.types().Timestamp(*format);
}

}  // namespace

const Builtin kTime{.name = "time",
                    .signature = "void time([const string fmt])",
                    .summary = "Prints the time of the event by a strftime(3) format.",
                    .example = "interval:s:1 { time(\"%H:%M:%S\\n\"); }",
                    .min_args = 0,
                    .max_args = 1,
                    .has_effect = true,
                    .check = CheckTime,
                    .lower = [](BodyContext& body, const sema::Expr& expr, const Call& call) -> llvm::Value* {
                      body.SendRecord(call.data.event, {call.args[0].get()}, expr.span);
                      return nullptr;
                    }};

const Builtin kStrftime{
    .name = "strftime",
    .signature = "timestamp strftime(const string fmt, uint64 nsecs)",
    .summary = 
        "A time since boot (or, when it is above 10^18, since 1970) as wall-clock time, by a strftime(3) format; %f is "
        "microseconds.",
    .example = "interval:s:1 { printf(\"%s\\n\", strftime(\"%H:%M:%S.%f\", nsecs)); }",
    .min_args = 2,
    .max_args = 2,
    .check = CheckStrftime,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }};

}  // namespace sonde::builtins
