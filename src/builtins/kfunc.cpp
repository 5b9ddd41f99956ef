// Functions of the kernel that BPF programs may call: kfunc_exist(name), kfunc_allowed(name).
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/unique_fd.h"
#include "builtins/common.h"
#include "kernel/btf.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the name");
  if (!name) return checker.types().Error();
  Result<const kernel::Btf*> btf = checker.kernel().KernelBtf();
  call.data.constant = btf && (*btf)->Find(kernel::BtfKind::kFunc, *name) ? 1 : 0;
  return checker.types().Bool();
}

// The kind of program that probes of this type are loaded as, and what one of kind tracing is on.
struct TrialProgram {
  bpf_prog_type type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  std::string_view attach_to;  // a function
};

TrialProgram ProgramOf(std::string_view probe) {
  if (probe.starts_with("k") || probe.starts_with("u")) return {BPF_PROG_TYPE_KPROBE, ""};
  if (probe.starts_with("f")) return {BPF_PROG_TYPE_TRACING, "bpf_fentry_test1"};
  if (probe == "profile" || probe == "interval" || probe == "software" || probe == "hardware") {
    return {BPF_PROG_TYPE_PERF_EVENT, ""};
  }
  return {};
}

// Whether the verifier lets such a program call the function. That is asked by a program which does nothing else: it
// may fail over the call's arguments, but then it was allowed to make it.
bool MayCall(const kernel::Btf& btf, kernel::BtfId function, const TrialProgram& trial) {
  std::array<bpf_insn, 3> instructions{};
  instructions[0] = {
      .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = static_cast<int32_t>(function)};
  instructions[1] = {.code = BPF_ALU64 | BPF_MOV | BPF_K};
  instructions[2] = {.code = BPF_JMP | BPF_EXIT};
  std::string log(65536, '\0');
  constexpr std::string_view kLicense = "GPL";
  bpf_attr attr{};
  attr.prog_type = trial.type;
  attr.insns = reinterpret_cast<uint64_t>(instructions.data());
  attr.insn_cnt = instructions.size();
  attr.license = reinterpret_cast<uint64_t>(kLicense.data());
  attr.log_level = 1;
  attr.log_buf = reinterpret_cast<uint64_t>(log.data());
  attr.log_size = static_cast<uint32_t>(log.size());
  if (trial.type == BPF_PROG_TYPE_TRACING) {
    attr.expected_attach_type = BPF_TRACE_FENTRY;
    attr.attach_btf_id = btf.Find(kernel::BtfKind::kFunc, trial.attach_to).value_or(0);
  }
  const UniqueFd program(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr)));
  if (program.valid()) return true;
  std::string_view said(log.c_str());
  return !said.empty() && said.find("is not allowed") == std::string_view::npos &&
         said.find("not supported") == std::string_view::npos && said.find("cannot call") == std::string_view::npos;
}

const Type* CheckAllowed(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the name");
  if (!name) return checker.types().Error();
  Result<const kernel::Btf*> btf = checker.kernel().KernelBtf();
  std::optional<kernel::BtfId> function;
  if (btf) function = (*btf)->Find(kernel::BtfKind::kFunc, *name);
  call.data.constant = function && MayCall(**btf, *function, ProgramOf(checker.scope().probe_type->name)) ? 1 : 0;
  return checker.types().Bool();
}

}  // namespace

const Builtin kKfuncExist{.name = "kfunc_exist",
                          .signature = "bool kfunc_exist(const string name)",
                          .summary = "Whether the kernel's BTF knows a function of this name.",
                          .example = "BEGIN { if (kfunc_exist(\"bpf_task_acquire\")) { print(\"yes\"); } exit(); }",
                          .min_args = 1,
                          .max_args = 1,
                          .check = Check};

const Builtin kKfuncAllowed{
    .name = "kfunc_allowed",
    .signature = "bool kfunc_allowed(const string name)",
    .summary = "Whether the kernel lets probes of this type call this function of its own.",
    .example = "profile:hz:99 { if (kfunc_allowed(\"bpf_task_acquire\")) { print(\"yes\"); } exit(); }",
    .min_args = 1,
    .max_args = 1,
    .check = CheckAllowed};

}  // namespace sonde::builtins
