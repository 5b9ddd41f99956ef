#include "runtime/attach.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <variant>

#include "runtime/bpf_call.h"
#include "runtime/refusal.h"

namespace sonde::runtime {
namespace {

// A perf event for all processes on the first CPU that is online; -errno when there is none.
int OpenPerfEvent(perf_event_attr* attr, uint32_t possible_cpus) {
  attr->size = sizeof(*attr);
  attr->disabled = 1;
  int result = -ENODEV;
  for (uint32_t cpu = 0; cpu < possible_cpus; ++cpu) {
    const long fd = syscall(SYS_perf_event_open, attr, -1, static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0) return static_cast<int>(fd);
    result = -errno;
    if (result != -ENODEV) break;
  }
  return result;
}

class Attacher {
 public:
  Attacher(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
           kernel::KernelView& kernel)
      : attachment_(attachment), program_(program), program_fd_(program_fd), kernel_(kernel) {}

  Result<Attached> operator()(const image::RunAtBegin&) const { return Attached{}; }
  Result<Attached> operator()(const image::RunAtEnd&) const { return Attached{}; }

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

 private:
  std::unexpected<Error> Fail(int negative_errno) const {
    Error error = Refused("attach", attachment_.probe, -negative_errno, kernel_);
    if (negative_errno == -ENOENT) error.reason = "the kernel has no such event";
    return std::unexpected(std::move(error));
  }

  Result<Attached> OnPerfEvent(perf_event_attr* attr, uint64_t cookie) const {
    Attached out;
    out.event.Reset(OpenPerfEvent(attr, kernel_.PossibleCpus()));
    if (!out.event.valid()) return Fail(out.event.Release());
    out.link.Reset(BpfPerfLink(program_fd_, out.event.get(), cookie));
    if (!out.link.valid()) {
      // Kernels before 5.15 have no such links, and no cookies.
      const int link_error = out.link.Release();
      if (cookie != 0) return Fail(link_error);
      if (ioctl(out.event.get(), PERF_EVENT_IOC_SET_BPF, program_fd_) != 0) return Fail(-errno);
    }
    if (ioctl(out.event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) return Fail(-errno);
    return out;
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
