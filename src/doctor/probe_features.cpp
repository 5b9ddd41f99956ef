// Probe types: what each needs of this kernel, and whether that is there.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "doctor/doctor.h"
#include "kernel/btf.h"
#include "kernel/tracefs.h"
#include "runtime/bpf_call.h"

namespace sonde::doctor {
namespace {

constexpr std::string_view kPmuFolder = "/sys/bus/event_source/devices/";

bool HasPmu(std::string_view name) {
  return access((std::string(kPmuFolder) + std::string(name) + "/type").c_str(), F_OK) == 0;
}

// Opened on this thread and closed: 0, or a negative errno.
int TryPerfEvent(perf_event_attr attr) {
  attr.size = sizeof attr;
  attr.disabled = 1;
  const long event = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) return -errno;
  UniqueFd closed(static_cast<int>(event));
  return 0;
}

Finding PerfFinding(int result, std::string absent) {
  if (result == 0) return Yes();
  if (result == -EPERM || result == -EACCES) {
    return No("perf events are not permitted", "run with CAP_PERFMON, or set kernel.perf_event_paranoid to -1");
  }
  if (result == -ENOENT || result == -EOPNOTSUPP || result == -ENODEV || result == -EINVAL)
    return No(std::move(absent));
  return No(std::strerror(-result));
}

Finding Tracepoints(const Patient& patient) {
  const auto categories = patient.kernel.TracepointCategories();
  if (!categories) return No(categories.error().Message());
  return Yes(fmt::format("{} categories", categories->size()));
}

Finding Syscalls(const Patient& patient) {
  // Where tracefs cannot be read at all, nothing is known of the kernel.
  if (const auto categories = patient.kernel.TracepointCategories(); !categories) {
    return No(categories.error().Message());
  }
  if (patient.kernel.Tracepoint("syscalls", "sys_enter_openat")) return Yes();
  return No("tracefs has no tracepoint of them", "a kernel with CONFIG_FTRACE_SYSCALLS=y");
}

Finding RawTracepoints(const Patient& patient) {
  const auto btf = patient.kernel.KernelBtf();
  return btf ? Yes("with typed arguments") : Yes("without types, since the kernel has no BTF");
}

Finding Kprobes(const Patient& patient) {
  if (patient.kernel.HasKprobes()) return Yes();
  return No("this kernel is built without kprobes (CONFIG_KPROBES)",
            "use tracepoints or raw tracepoints, or a kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y");
}

// Attached to a function that no one calls, for a moment.
Finding Fentry(const Patient& patient) {
  const auto btf = patient.kernel.KernelBtf();
  if (!btf) return No("the kernel has no BTF", "a kernel with CONFIG_DEBUG_INFO_BTF=y");
  const auto function = (*btf)->Find(kernel::BtfKind::kFunc, "bpf_fentry_test1");
  if (!function) return Unknown("the kernel has no function to try it on");
  const std::array<bpf_insn, 2> code = {
      {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0}, {.code = BPF_JMP | BPF_EXIT}}};
  const int program = runtime::BpfProgramLoad({.name = "doctor",
                                               .type = BPF_PROG_TYPE_TRACING,
                                               .expected_attach_type = BPF_TRACE_FENTRY,
                                               .attach_btf_id = *function,
                                               .instructions = code},
                                              {});
  if (program < 0) {
    return No(fmt::format("the kernel refuses to load such programs: {}", std::strerror(-program)),
              "use tracepoints or raw tracepoints");
  }
  UniqueFd closed_program(program);
  const int link = runtime::BpfRawTracepointOpen(program, nullptr);
  if (link < 0) {
    return No(fmt::format("attaching is refused: {}",
                          link == -runtime::kNotSupported ? "not supported" : std::strerror(-link)),
              "use tracepoints or raw tracepoints, or a kernel with CONFIG_FUNCTION_TRACER=y and "
              "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y");
  }
  UniqueFd closed_link(link);
  return Yes();
}

Finding Uprobes() {
  if (HasPmu("uprobe")) return Yes();
  return No("this kernel is built without uprobes (CONFIG_UPROBE_EVENTS)", "a kernel with CONFIG_UPROBE_EVENTS=y");
}

Finding Iterators(const Patient& patient) {
  const auto btf = patient.kernel.KernelBtf();
  if (!btf) return No("the kernel has no BTF", "a kernel with CONFIG_DEBUG_INFO_BTF=y");
  constexpr std::string_view kPrefix = "bpf_iter__";
  size_t count = 0;
  for (kernel::BtfId id = 1; id < (*btf)->type_count(); ++id) {
    const kernel::BtfType type = (*btf)->Type(id);
    count += type.kind == kernel::BtfKind::kStruct && type.name.starts_with(kPrefix) ? 1 : 0;
  }
  return count == 0 ? No("this kernel lists no iterator") : Yes(fmt::format("{} of them", count));
}

}  // namespace

Group ExamineProbeTypes(const Patient& patient) {
  perf_event_attr clock{.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK};
  perf_event_attr cycles{.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES};
  perf_event_attr breakpoint{.type = PERF_TYPE_BREAKPOINT};
  breakpoint.sample_period = 1;
  breakpoint.bp_type = HW_BREAKPOINT_W;
  breakpoint.bp_addr = reinterpret_cast<uintptr_t>(&breakpoint);
  breakpoint.bp_len = HW_BREAKPOINT_LEN_4;
  breakpoint.exclude_kernel = 1;
  const int sampling = TryPerfEvent(clock);
  return {"Probe types",
          {{"tracepoint", Tracepoints(patient)},
           {"tracepoint:syscalls", Syscalls(patient)},
           {"rawtracepoint", RawTracepoints(patient)},
           {"kprobe, kretprobe", Kprobes(patient)},
           {"fentry, fexit", Fentry(patient)},
           {"uprobe, uretprobe, usdt", Uprobes()},
           {"profile, interval, software", PerfFinding(sampling, "the kernel has no perf events (CONFIG_PERF_EVENTS)")},
           {"hardware",
            PerfFinding(TryPerfEvent(cycles), "there are no hardware counters here, as in most virtual machines")},
           {"watchpoint", PerfFinding(TryPerfEvent(breakpoint), "there are no hardware breakpoints here")},
           {"iter", Iterators(patient)}}};
}

}  // namespace sonde::doctor
