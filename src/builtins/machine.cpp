// Where and when: cpu, ncpus, numaid, nsecs, elapsed, jiffies, rand, probe, probetype.
#include <algorithm>
#include <array>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* Uint32(Checker& checker, const parser::Call&, Call&) { return checker.types().Int(4, false); }
const Type* Uint64(Checker& checker, const parser::Call&, Call&) { return checker.types().Uint64(); }

// The helper of each clock.
struct ClockHelper {
  std::string_view name;
  int helper = 0;
};
constexpr auto kClocks = std::to_array<ClockHelper>({{"boot", BPF_FUNC_ktime_get_boot_ns},
                                                     {"monotonic", BPF_FUNC_ktime_get_ns},
                                                     {"tai", BPF_FUNC_ktime_get_tai_ns},
                                                     {"sw_tai", BPF_FUNC_ktime_get_tai_ns}});

const Type* CheckNsecs(Checker& checker, const parser::Call& syntax, Call& call) {
  call.data.integers = {BPF_FUNC_ktime_get_boot_ns};
  if (syntax.args.empty()) return checker.types().Uint64();
  const auto* word = std::get_if<parser::Identifier>(&syntax.args[0]->node);
  const auto* clock = word == nullptr ? kClocks.end() : std::ranges::find(kClocks, word->name, &ClockHelper::name);
  if (clock == kClocks.end()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        "nsecs() takes a clock: boot, monotonic, tai or sw_tai");
  }
  call.data.integers = {clock->helper};
  return checker.types().Uint64();
}

}  // namespace

const Builtin kCpu{.name = "cpu",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 cpu",
                   .summary = "The number of the CPU that the probe runs on.",
                   .example = "profile:hz:99 { @[cpu] = count(); }",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return body.Helper(BPF_FUNC_get_smp_processor_id, {});
                   }};

const Builtin kNcpus{.name = "ncpus",
                     .form = BuiltinForm::kVariable,
                     .signature = "uint64 ncpus",
                     .summary = "How many CPUs are online.",
                     .example = "BEGIN { print(ncpus); exit(); }",
                     .check = Uint64,
                     .lower = [](BodyContext& body, const sema::Expr&, const Call&) -> llvm::Value* {
                       return body.I64(body.module().facts.online_cpus);
                     }};

const Builtin kNsecs{.name = "nsecs",
                     .form = BuiltinForm::kVariable,
                     .signature = "uint64 nsecs[(clock)]",
                     .summary =
                         "Nanoseconds since boot, time asleep included; or of another clock: boot, monotonic, "
                         "tai (sw_tai is the same).",
                     .example = "BEGIN { printf(\"%llu %llu\\n\", nsecs, nsecs(tai)); exit(); }",
                     .max_args = 1,
                     .check = CheckNsecs,
                     .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
                       // Made by other builtins without a word of the script: of the boot clock.
                       int helper = call.data.integers.empty() ? BPF_FUNC_ktime_get_boot_ns
                                                               : static_cast<int>(call.data.integers[0]);
                       return body.Helper(helper, {});
                     }};

const Builtin kElapsed{.name = "elapsed",
                       .form = BuiltinForm::kVariable,
                       .signature = "uint64 elapsed",
                       .summary = "Nanoseconds since the script was started.",
                       .example = "interval:s:1 { printf(\"%d s\\n\", elapsed / 1000000000); }",
                       .check = Uint64,
                       .lower = [](BodyContext& body, const sema::Expr&, const Call&) -> llvm::Value* {
                         llvm::Value* start = body.ir().CreateLoad(
                             body.ir().getInt64Ty(), body.ControlField(offsetof(image::Control, start_ns)));
                         return body.ir().CreateSub(body.Helper(BPF_FUNC_ktime_get_boot_ns, {}), start);
                       }};

const Builtin kRand{.name = "rand",
                    .form = BuiltinForm::kVariable,
                    .signature = "uint32 rand",
                    .summary = "A pseudo-random number.",
                    .example = "interval:ms:10 { @ = lhist(rand % 100, 0, 100, 10); }",
                    .check = Uint32,
                    .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                      llvm::Value* random = body.Helper(BPF_FUNC_get_prandom_u32, {});
                      return body.ir().CreateAnd(random, body.I64(UINT32_MAX));
                    }};

const Builtin kJiffies{
    .name = "jiffies",
    .form = BuiltinForm::kVariable,
    .signature = "uint64 jiffies",
    .summary = "The kernel's count of timer ticks.",
    .example = "BEGIN { print(jiffies); exit(); }",
    .check = Uint64,
    .lower = [](BodyContext& body, const sema::Expr&, const Call&) { return body.Helper(BPF_FUNC_jiffies64, {}); }};

const Builtin kNumaid{.name = "numaid",
                      .form = BuiltinForm::kVariable,
                      .signature = "uint32 numaid",
                      .summary = "The NUMA node of the CPU that the probe runs on.",
                      .example = "profile:hz:99 { @[numaid] = count(); }",
                      .check = Uint32,
                      .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                        return body.Helper(BPF_FUNC_get_numa_node_id, {});
                      }};

const Builtin kProbetype{
    .name = "probetype",
    .form = BuiltinForm::kVariable,
    .signature = "string probetype",
    .summary = "The type of the probe that fired: \"tracepoint\".",
    .example = "BEGIN { print(probetype); exit(); }",
    .check = [](Checker& checker, const parser::Call&, Call& call) -> const Type* {
      // Those that run in the tracer are of one kind.
      const sema::ProbeType& probe = *checker.scope().probe_type;
      call.data.text = probe.runs_in_tracer && probe.mode == sema::RunMode::kTrace ? "special" : probe.name;
      return checker.types().String(static_cast<uint32_t>(call.data.text.size()) + 1);
    },
    .lower_into = [](BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) -> llvm::Value* {
      std::string text = call.data.text;
      text.resize(expr.type->size);
      body.StoreBytes(target, text);
      return body.I64(call.data.text.size());
    }};

const Builtin kProbe{.name = "probe",
                     .form = BuiltinForm::kVariable,
                     .signature = "string probe",
                     .summary = "The full name of the probe that fired.",
                     .example = "tracepoint:syscalls:sys_enter_open* { @[probe] = count(); }",
                     .check =
                         [](Checker& checker, const parser::Call&, Call&) {
                           checker.scope().body->uses_probe_name = true;
                           return checker.types().Probe();
                         },
                     .lower = [](BodyContext& body, const sema::Expr&, const Call&) { return body.probe_id(); }};

}  // namespace sonde::builtins
