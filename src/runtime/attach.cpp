#include "runtime/attach.h"

#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "kernel/tracefs.h"
#include "runtime/bpf_call.h"
#include "runtime/refusal.h"

namespace sonde::runtime {
namespace {

// A perf event; -errno when there is none. `pid` or `cpu` may be -1: of all processes, on every CPU.
int OpenPerfEvent(perf_event_attr* attr, int pid, int cpu) {
  attr->size = sizeof(*attr);
  attr->disabled = 1;
  const long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  return fd >= 0 ? static_cast<int>(fd) : -errno;
}

std::vector<pid_t> ThreadsOf(pid_t process) {
  std::vector<pid_t> threads;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task", none)) {
    threads.push_back(static_cast<pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10)));
  }
  return threads;
}

// How the kernel wants kprobes asked for.
struct KprobePmu {
  uint32_t type = 0;
  uint64_t return_bit = 0;

  static const Result<KprobePmu>& Find() {
    static const Result<KprobePmu> found = [] {
      constexpr char kFolder[] = "/sys/bus/event_source/devices/kprobe";
      const auto type = kernel::ReadTextFile(AT_FDCWD, std::string(kFolder) + "/type");
      const auto bit = kernel::ReadTextFile(AT_FDCWD, std::string(kFolder) + "/format/retprobe");  // "config:0"
      if (!type || !bit) {
        return Result<KprobePmu>(std::unexpected(
            Error{.operation = "attach", .object = "kprobes", .reason = "this kernel is built without them"}));
      }
      const size_t colon = bit->find(':');
      const auto number = static_cast<uint32_t>(std::strtoul(bit->c_str() + colon + 1, nullptr, 10));
      return Result<KprobePmu>(
          KprobePmu{static_cast<uint32_t>(std::strtoul(type->c_str(), nullptr, 10)), 1ULL << number});
    }();
    return found;
  }
};

class Attacher {
 public:
  Attacher(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
           kernel::KernelView& kernel, pid_t target)
      : attachment_(attachment), program_(program), program_fd_(program_fd), kernel_(kernel), target_(target) {}

  Result<Attached> operator()(const image::RunAtBegin&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunAtEnd&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunTest&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunAtSignal&) const { return Attached{}; }

  Result<Attached> operator()(const image::AttachRawTracepoint& plan) const {
    const bool named_at_load = program_.type == image::ProgramType::kTracingRawTracepoint;
    Attached out;
    out.link.Reset(BpfRawTracepointOpen(program_fd_, named_at_load ? nullptr : plan.event.c_str()));
    if (!out.link.valid()) return Fail(out.link.Release());
    return out;
  }

  Result<Attached> operator()(const image::AttachPerfTracepoint& plan) const {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_TRACEPOINT;
    attr.config = plan.id;
    if (plan.id == 0) {
      auto format = kernel_.Tracepoint(plan.category, plan.event);
      if (!format) return std::unexpected(std::move(format).error());
      attr.config = (*format)->id;
      if ((*format)->id == 0) return std::unexpected(NumberIsClosed(plan));
    }
    attr.sample_period = 1;
    // Programs on a tracepoint's event run on every CPU, whatever CPU the event was opened on.
    auto out = OnPerfEvent(&attr, plan.cookie);
    if (out) out->slow_to_detach = true;
    return out;
  }

  Result<Attached> operator()(const image::AttachInterval& plan) const {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_CPU_CLOCK;
    attr.sample_period = plan.period_ns;
    return OnPerfEvent(&attr, 0);
  }

  Result<Attached> operator()(const image::AttachSampling& plan) const {
    perf_event_attr attr{};
    attr.type = plan.perf_type;
    attr.config = plan.config;
    attr.sample_period = plan.period;
    return OnPerfEvent(&attr, 0, /*every_cpu=*/true);
  }

  Result<Attached> operator()(const image::AttachUprobes& plan) const {
    if (program_.type == image::ProgramType::kUprobeMulti) return AllUprobes(plan);
    Attached out;
    out.slow_to_detach = true;
    auto uprobes = OpenUprobeEvents();
    if (!uprobes) return std::unexpected(uprobes.error());
    for (const image::UprobePlace& place : plan.places) {
      perf_event_attr attr{};
      attr.type = uprobes->type;
      attr.config = (plan.is_return ? uprobes->return_bit : 0) | place.semaphore << 32;
      attr.uprobe_path = reinterpret_cast<uintptr_t>(plan.path.c_str());
      attr.probe_offset = place.offset;
      Attached::Event one;
      one.event.Reset(OpenPerfEvent(&attr, plan.pid == 0 ? -1 : plan.pid, plan.pid == 0 ? 0 : -1));
      if (!one.event.valid()) {
        // Those that the kernel takes, where some may be missing; not none at all.
        const bool is_last = &place == &plan.places.back();
        if (attachment_.is_optional && (!is_last || !out.events.empty())) continue;
        return Fail(one.event.Release());
      }
      if (auto linked = Link(one, place.cookie); !linked) return std::unexpected(linked.error());
      out.events.push_back(std::move(one));
    }
    return out;
  }

  Result<Attached> operator()(const image::AttachIterator& plan) const {
    bpf_iter_link_info info{};
    const bool over_cgroups = plan.target == "cgroup";
    if (over_cgroups) info.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
    Attached out;
    out.link.Reset(BpfIteratorLink(program_fd_, over_cgroups ? &info : nullptr));
    if (!out.link.valid()) return Fail(out.link.Release());
    out.is_iterator = plan.pin.empty();
    if (out.is_iterator) return out;
    auto pin = Pin::Make(out.link.get(), plan.pin);
    if (!pin) return std::unexpected(pin.error());
    out.pin.emplace(std::move(*pin));
    return out;
  }

  Result<Attached> operator()(const image::AttachKprobe& plan) const {
    const Result<KprobePmu>& pmu = KprobePmu::Find();
    if (!pmu) return std::unexpected(pmu.error());
    perf_event_attr attr{};
    attr.type = pmu->type;
    attr.config = plan.is_return ? pmu->return_bit : 0;
    attr.kprobe_func = reinterpret_cast<uintptr_t>(plan.function.empty() ? nullptr : plan.function.c_str());
    attr.probe_offset = plan.offset;  // or kprobe_addr, which shares its place
    attr.sample_period = 1;
    auto out = OnPerfEvent(&attr, plan.cookie);
    if (out) out->slow_to_detach = true;
    return out;
  }

  Result<Attached> operator()(const image::AttachKprobeMulti& plan) const {
    std::vector<const char*> names;
    for (const std::string& function : plan.functions) names.push_back(function.c_str());
    Attached out;
    out.link.Reset(
        BpfKprobeMultiLink(program_fd_, {.functions = names, .cookies = plan.cookies, .is_return = plan.is_return}));
    if (!out.link.valid()) return Fail(out.link.Release());
    return out;
  }

  Result<Attached> operator()(const image::AttachWatchpoint& plan) const {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_BREAKPOINT;
    attr.bp_addr = plan.address;
    attr.bp_len = plan.length;
    attr.bp_type = plan.mode;
    attr.sample_period = 1;
    if (plan.mode == HW_BREAKPOINT_X) attr.bp_len = sizeof(long);
    if (plan.is_kernel) return OnPerfEvent(&attr, 0, /*every_cpu=*/true);
    // Threads and children that come later have it too.
    attr.inherit = 1;
    attr.exclude_kernel = 1;
    Attached out;
    for (const pid_t thread : ThreadsOf(target_)) {
      Attached::Event one;
      one.event.Reset(OpenPerfEvent(&attr, thread, -1));
      if (!one.event.valid() && one.event.get() == -ESRCH) continue;  // it has ended
      if (!one.event.valid()) return Fail(one.event.Release());
      if (auto linked = Link(one, 0); !linked) return std::unexpected(linked.error());
      out.events.push_back(std::move(one));
    }
    if (out.events.empty()) return Fail(-ESRCH);
    return out;
  }

  Result<Attached> operator()(const image::AttachFunction&) const {
    Attached out;
    out.link.Reset(BpfRawTracepointOpen(program_fd_, nullptr));
    if (!out.link.valid()) return Fail(out.link.Release());
    return out;
  }

 private:
  Result<Attached> AllUprobes(const image::AttachUprobes& plan) const {
    std::vector<uint64_t> offsets;
    std::vector<uint64_t> semaphores;
    std::vector<uint64_t> cookies;
    for (const image::UprobePlace& place : plan.places) {
      offsets.push_back(place.offset);
      semaphores.push_back(place.semaphore);
      cookies.push_back(place.cookie);
    }
    Attached out;
    out.link.Reset(
        BpfUprobeMultiLink(program_fd_, plan.path.c_str(), offsets, semaphores, cookies, plan.is_return, plan.pid));
    if (!out.link.valid()) return Fail(out.link.Release());
    return out;
  }

  // How uprobes are asked for as perf events (/sys/bus/event_source/devices/uprobe).
  struct UprobeEvents {
    uint32_t type = 0;
    uint64_t return_bit = 1;
  };
  Result<UprobeEvents> OpenUprobeEvents() const {
    UprobeEvents events;
    std::ifstream type("/sys/bus/event_source/devices/uprobe/type");
    if (type >> events.type) return events;
    Error error{.operation = "attach", .object = attachment_.probe};
    error.reason = "this kernel is built without uprobes (CONFIG_UPROBE_EVENTS), or /sys is not mounted";
    return std::unexpected(std::move(error));
  }

  std::unexpected<Error> Fail(int negative_errno) const {
    Error error = Refused("attach", attachment_.probe, -negative_errno, kernel_);
    if (const auto* kprobe = std::get_if<image::AttachKprobe>(&attachment_.plan)) ExplainKprobe(*kprobe, &error);
    if (std::holds_alternative<image::AttachWatchpoint>(attachment_.plan)) ExplainWatchpoint(&error);
    const bool is_raw = std::holds_alternative<image::AttachRawTracepoint>(attachment_.plan);
    if (negative_errno == -EINVAL && is_raw) {
      error.reason = "the event has fewer arguments than the script reads";
      error.remedy = "sonde -lv " + attachment_.probe + " shows them";
    }
    if (negative_errno == -ENOENT && error.reason.empty()) {
      const auto* sampling = std::get_if<image::AttachSampling>(&attachment_.plan);
      bool hardware = sampling != nullptr && sampling->perf_type == PERF_TYPE_HARDWARE;
      error.reason = hardware
                         ? "this machine counts no such event (virtual machines often have no performance counters)"
                         : "the kernel has no such event";
    }
    return std::unexpected(std::move(error));
  }

  // The event is known by BTF, but its number is not.
  Error NumberIsClosed(const image::AttachPerfTracepoint& plan) const {
    return {.operation = "attach",
            .object = attachment_.probe,
            .error_number = EACCES,
            .reason = "permission denied: CAP_DAC_READ_SEARCH missing (tracefs, where the event's number is, is for root "
                      "alone)",
            .remedy = "run as root, or with that capability; rawtracepoint:" + plan.event + " does without"};
  }

  static void ExplainWatchpoint(Error* error) {
    switch (error->error_number) {
      case ENOSPC:
        error->reason = "all of the processor's breakpoints are in use (there are four)";
        break;
      case ENOENT:
      case ENODEV:
      case EOPNOTSUPP:
        error->reason = "this machine has no hardware breakpoints (virtual machines often have none)";
        break;
      case ESRCH:
        error->reason = "the process has ended";
        break;
      default:
        break;
    }
  }

  static void ExplainKprobe(const image::AttachKprobe& plan, Error* error) {
    switch (error->error_number) {
      case ENOENT:
        error->reason = "the kernel has no such function (it may be inlined)";
        break;
      case EINVAL:
        error->reason = "the kernel does not let this function be probed";
        break;
      case EILSEQ:
        error->reason = "no instruction starts at offset " + std::to_string(plan.offset);
        break;
      case EADDRNOTAVAIL:
        error->reason = "the kernel has several functions of this name";
        break;
      default:
        break;
    }
  }

  // On the first CPU that is online, or on each of them.
  Result<Attached> OnPerfEvent(perf_event_attr* attr, uint64_t cookie, bool every_cpu = false) const {
    Attached out;
    int problem = -ENODEV;
    for (uint32_t cpu = 0; cpu < kernel_.PossibleCpus() && (every_cpu || out.events.empty()); ++cpu) {
      Attached::Event one;
      one.event.Reset(OpenPerfEvent(attr, -1, static_cast<int>(cpu)));
      if (!one.event.valid()) {
        problem = one.event.Release();
        if (problem == -ENODEV) continue;  // this CPU is off line
        return Fail(problem);
      }
      if (auto linked = Link(one, cookie); !linked) return std::unexpected(linked.error());
      out.events.push_back(std::move(one));
    }
    if (out.events.empty()) return Fail(problem);
    return out;
  }

  Result<void> Link(Attached::Event& one, uint64_t cookie) const {
    one.link.Reset(BpfPerfLink(program_fd_, one.event.get(), cookie));
    if (!one.link.valid()) {
      // Kernels before 5.15 have no such links, and no cookies.
      const int link_error = one.link.Release();
      if (cookie != 0) return Fail(link_error);
      if (ioctl(one.event.get(), PERF_EVENT_IOC_SET_BPF, program_fd_) != 0) return Fail(-errno);
    }
    if (ioctl(one.event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) return Fail(-errno);
    return {};
  }

  const image::Attachment& attachment_;
  const image::ProgramSpec& program_;
  int program_fd_;
  kernel::KernelView& kernel_;
  pid_t target_;
};

}  // namespace

Result<Attached> Attach(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
                        kernel::KernelView& kernel, pid_t target) {
  return std::visit(Attacher(attachment, program, program_fd, kernel, target), attachment.plan);
}

}  // namespace sonde::runtime
