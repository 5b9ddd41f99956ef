#include "runtime/attach.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>
#include <variant>
#include <vector>

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

class Attacher {
 public:
  Attacher(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
           kernel::KernelView& kernel)
      : attachment_(attachment), program_(program), program_fd_(program_fd), kernel_(kernel) {}

  Result<Attached> operator()(const image::RunAtBegin&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunAtEnd&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunTest&) const { return Attached{}; }

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
      if (!one.event.valid()) return Fail(one.event.Release());
      if (auto linked = Link(one, place.cookie); !linked) return std::unexpected(linked.error());
      out.events.push_back(std::move(one));
    }
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
    if (negative_errno == -ENOENT) {
      const auto* sampling = std::get_if<image::AttachSampling>(&attachment_.plan);
      bool hardware = sampling != nullptr && sampling->perf_type == PERF_TYPE_HARDWARE;
      error.reason = hardware
                         ? "this machine counts no such event (virtual machines often have no performance counters)"
                         : "the kernel has no such event";
    }
    return std::unexpected(std::move(error));
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
};

}  // namespace

Result<Attached> Attach(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
                        kernel::KernelView& kernel) {
  return std::visit(Attacher(attachment, program, program_fd, kernel), attachment.plan);
}

}  // namespace sonde::runtime
