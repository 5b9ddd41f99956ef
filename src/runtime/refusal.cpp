#include "runtime/refusal.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "runtime/bpf_call.h"

namespace sonde::runtime {
namespace {

constexpr std::string_view kReport = "this is an internal error of sonde, please report it with the output of -v";

bool HasCapability(uint64_t effective, int capability) { return (effective >> capability & 1) != 0; }

uint64_t EffectiveCapabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return static_cast<uint64_t>(data[1].effective) << 32 | data[0].effective;
}

// What is missing of what tracing needs: "CAP_BPF and CAP_PERFMON"; empty when nothing is.
std::string MissingCapabilities() {
  const uint64_t effective = EffectiveCapabilities();
  if (HasCapability(effective, CAP_SYS_ADMIN)) return "";
  std::string missing;
  if (!HasCapability(effective, CAP_BPF)) missing = "CAP_BPF";
  if (!HasCapability(effective, CAP_PERFMON)) missing += missing.empty() ? "CAP_PERFMON" : " and CAP_PERFMON";
  return missing;
}

void ExplainPermission(Error* error, const kernel::KernelView& kernel) {
  if (const std::string missing = MissingCapabilities(); !missing.empty()) {
    error->reason = "permission denied: " + missing + " missing";
    error->remedy = "run as root, for example with sudo";
    return;
  }
  switch (kernel.LockdownMode()) {
    case kernel::Lockdown::kIntegrity:
    case kernel::Lockdown::kConfidentiality:
      error->reason = "the kernel is locked down and does not allow it";
      return;
    case kernel::Lockdown::kNone:
    case kernel::Lockdown::kUnknown:
      break;
  }
  error->reason = "the kernel does not allow it (EPERM), though no capability is missing";
  error->remedy = "a container's seccomp filter, a security module or a kernel built without this feature refuses it";
}

// "bpf_probe_write_user" out of "… cannot use helper bpf_probe_write_user#36"; empty when that is not the reason.
std::string RefusedHelper(std::string_view log) {
  constexpr std::string_view kWords = "cannot use helper ";
  constexpr std::string_view kOldWords = "unknown func ";
  size_t at = log.find(kWords);
  size_t length = kWords.size();
  if (at == std::string_view::npos) {
    at = log.find(kOldWords);
    length = kOldWords.size();
  }
  if (at == std::string_view::npos) return "";
  const std::string_view rest = log.substr(at + length);
  return std::string(rest.substr(0, rest.find('#')));
}

}  // namespace

Error Refused(std::string operation, std::string object, int error_number, const kernel::KernelView& kernel) {
  Error error{.operation = std::move(operation), .object = std::move(object), .error_number = error_number};
  switch (error_number) {
    case EPERM:
    case EACCES:
      ExplainPermission(&error, kernel);
      break;
    case kNotSupported:
    case EOPNOTSUPP:
      error.reason = "the kernel does not support it";
      break;
    case ENOSYS:
      error.reason = "the kernel has no bpf() system call or it is blocked";
      break;
    case ENOMEM:
      error.remedy = "free memory, or lower max_map_keys";
      break;
    case EMFILE:
      error.remedy = "raise the limit of open files: ulimit -n";
      break;
    default:
      break;
  }
  return error;
}

Error ProgramRefused(const std::string& covers, int error_number, std::string log, const kernel::KernelView& kernel) {
  Error error{.operation = "load the program for", .object = covers, .error_number = error_number};
  error.detail = std::move(log);
  const bool too_large = error.detail.find("too large") != std::string::npos ||
                         error.detail.find("too many states") != std::string::npos ||
                         error.detail.find("too complex") != std::string::npos;
  if (error_number == E2BIG || too_large) {
    error.reason = "it is too large for the kernel's verifier";
    error.remedy = "make the body shorter, or its loops and unroll() counts smaller";
  } else if (error_number == EPERM && error.detail.empty()) {
    ExplainPermission(&error, kernel);
  } else if (const std::string helper = RefusedHelper(error.detail); !helper.empty()) {
    error.reason = "the kernel does not let it call " + helper;
    error.remedy = "some helpers are for certain probes only, or closed by lockdown and the kernel's configuration";
  } else if (error_number == EACCES || error_number == EINVAL || error_number == EPERM) {
    error.reason = "the kernel's verifier refuses it";
    error.remedy = kReport;
  } else if (error_number == ENOMEM) {
    error.remedy = "free memory";
  }
  return error;
}

bool RaiseMemoryLimit() {
  static bool raised = false;
  if (std::exchange(raised, true)) return false;
  const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  return setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
}

}  // namespace sonde::runtime
