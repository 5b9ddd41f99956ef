// What interferes with the traced process: signal(s), signal_thread(s), override(rc). All of them unsafe.
#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstring>
#include <string>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr int kLastSignal = 64;

// "SIGKILL", "KILL" or "kill".
std::optional<int> SignalNumber(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number < 32; ++number) {
    if (name == sigabbrev_np(number)) return number;
  }
  return std::nullopt;
}

bool IsText(const parser::Expr& expr) { return std::holds_alternative<parser::StringLiteral>(expr.node); }

const Type* CheckSignal(Checker& checker, const parser::Call& syntax, Call& call) {
  if (checker.scope().probe_type->runs_in_tracer) {
    return checker.Fail(
        sema::kNotAvailable, syntax.name_span,
        fmt::format("{}() in a {} probe would go to the tracer itself", syntax.name, checker.scope().probe_type->name));
  }
  const parser::Expr& given = *syntax.args[0];
  if (IsText(given)) {
    std::optional<std::string> name = checker.CheckStringLiteral(given, "the signal");
    if (!name) return checker.types().Error();
    std::optional<int> number = SignalNumber(*name);
    if (!number) {
      return checker.Fail(sema::kWrongArgument, given.span, fmt::format("there is no signal called '{}'", *name));
    }
    call.args.push_back(checker.MakeInt(given.span, static_cast<uint64_t>(*number), checker.types().Uint64()));
    return checker.types().Void();
  }
  sema::ExprPtr number = checker.CheckInteger(given, "the signal");
  if (number->type->IsVague()) return number->type;
  const sema::Constant* constant = number->AsConstant();
  if (constant != nullptr && (constant->bits == 0 || constant->bits > kLastSignal)) {
    return checker.Fail(sema::kOutOfRange, given.span, fmt::format("signals are numbered from 1 to {}", kLastSignal));
  }
  call.args.push_back(std::move(number));
  return checker.types().Void();
}

template <int kHelper>
llvm::Value* LowerSignal(BodyContext& body, const sema::Expr&, const Call& call) {
  body.NoteFailure(body.Helper(kHelper, {body.Lower(*call.args[0])}), kHelper);
  return nullptr;
}

const Type* CheckOverride(Checker& checker, const parser::Call& syntax, Call& call) {
  std::string_view probe = checker.scope().probe_type->name;
  if (probe != "kprobe") {
    checker
        .Report(sema::kNotAvailable, syntax.name_span, fmt::format("override() is not available in {} probes", probe))
        .Hint("kprobe:function, where the kernel allows error injection into the function");
    return checker.types().Error();
  }
  sema::ExprPtr result = checker.CheckInteger(*syntax.args[0], "the return value");
  if (result->type->IsVague()) return result->type;
  call.args.push_back(std::move(result));
  return checker.types().Void();
}

}  // namespace

const Builtin kSignal{.name = "signal",
                      .signature = "void signal(const string name) or void signal(uint32 number)",
                      .summary = "Sends a signal to the current process.",
                      .example = "tracepoint:syscalls:sys_enter_reboot { signal(\"SIGSTOP\"); }",
                      .min_args = 1,
                      .max_args = 1,
                      .is_unsafe = true,
                      .has_effect = true,
                      .check = CheckSignal,
                      .lower = LowerSignal<BPF_FUNC_send_signal>};

const Builtin kSignalThread{.name = "signal_thread",
                            .signature = "void signal_thread(const string name) or void signal_thread(uint32 number)",
                            .summary = "Sends a signal to the current thread.",
                            .example = "tracepoint:syscalls:sys_enter_reboot { signal_thread(19); }",
                            .min_args = 1,
                            .max_args = 1,
                            .is_unsafe = true,
                            .has_effect = true,
                            .check = CheckSignal,
                            .lower = LowerSignal<BPF_FUNC_send_signal_thread>};

const Builtin kOverride{.name = "override",
                        .signature = "void override(uint64 rc)",
                        .summary = "Lets the function that a kprobe is on return this value without being run.",
                        .example = "kprobe:__x64_sys_getuid /comm == \"id\"/ { override(1000); }",
                        .min_args = 1,
                        .max_args = 1,
                        .is_unsafe = true,
                        .has_effect = true,
                        .check = CheckOverride,
                        .lower = [](BodyContext& body, const sema::Expr&, const Call& call) -> llvm::Value* {
                          llvm::Value* result = body.Lower(*call.args[0]);
                          body.Helper(BPF_FUNC_override_return, {body.ctx(), result});
                          return nullptr;
                        }};

}  // namespace sonde::builtins
