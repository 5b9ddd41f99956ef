// What the kernel says of itself, its settings, and the files that a tracer reads.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include "doctor/doctor.h"
#include "kernel/btf.h"
#include "kernel/tracefs.h"

namespace sonde::doctor {
namespace {

std::optional<std::string> FileText(const std::string& path) {
  Result<std::string> text = kernel::ReadTextFile(AT_FDCWD, path);
  if (!text) return std::nullopt;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

std::optional<int64_t> FileNumber(const std::string& path) {
  const std::optional<std::string> text = FileText(path);
  if (!text) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

Finding Lockdown(kernel::KernelView& kernel) {
  switch (kernel.LockdownMode()) {
    case kernel::Lockdown::kNone:
      return Fact("none");
    case kernel::Lockdown::kIntegrity:
      return Fact("integrity: programs may read the kernel; what writes to user memory or overrides calls is refused");
    case kernel::Lockdown::kConfidentiality:
      return No("confidentiality: no program may read the kernel, so that nothing can be traced",
                "boot without lockdown=confidentiality; Secure Boot turns it on in some distributions");
    case kernel::Lockdown::kUnknown:
      return Unknown("this kernel says nothing of lockdown, or securityfs cannot be read", "run as root");
  }
  return Unknown("");
}

// A sysctl, and what its value means for a tracer.
struct Setting {
  std::string_view name;
  std::string_view path;
  std::string_view (*meaning)(int64_t value);
};

constexpr auto kSettings = std::to_array<Setting>({
    {"kernel.unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled",
     [](int64_t value) -> std::string_view { return value == 0 ? "anybody may load some programs" : "needs CAP_BPF"; }},
    {"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid",
     [](int64_t value) -> std::string_view {
       return value < 0 ? "anybody may use perf events" : "perf events of the whole system need CAP_PERFMON";
     }},
    {"kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict",
     [](int64_t value) -> std::string_view {
       if (value == 0) return "addresses of the kernel are shown to those with CAP_SYSLOG";
       return value == 1 ? "addresses of the kernel need CAP_SYSLOG"
                         : "addresses of the kernel are hidden from everybody";
     }},
    {"net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable",
     [](int64_t value) -> std::string_view {
       return value == 0 ? "programs are interpreted, which is slow" : "compiled";
     }},
    {"kernel.perf_event_max_stack", "/proc/sys/kernel/perf_event_max_stack",
     [](int64_t) -> std::string_view { return "the most frames of a stack"; }},
});

struct Capability {
  std::string_view name;
  int bit;
  std::string_view need;
};

constexpr auto kCapabilities = std::to_array<Capability>({
    {"CAP_BPF", 39, "to load programs and make maps"},
    {"CAP_PERFMON", 38, "to attach programs, and to let them read memory"},
    {"CAP_SYS_ADMIN", 21, "to mount what is not mounted; includes the two above"},
    {"CAP_DAC_READ_SEARCH", 2, "to read tracefs, which belongs to root"},
    {"CAP_SYSLOG", 34, "to see the kernel's addresses, for stacks"},
    {"CAP_SYS_PTRACE", 19, "to read the symbols of other users' processes"},
});

std::optional<uint64_t> EffectiveCapabilities() {
  const std::optional<std::string> status = FileText("/proc/self/status");
  if (!status) return std::nullopt;
  const size_t at = status->find("CapEff:\t");
  if (at == std::string::npos) return std::nullopt;
  uint64_t bits = 0;
  const char* start = status->data() + at + std::strlen("CapEff:\t");
  std::from_chars(start, status->data() + status->size(), bits, 16);
  return bits;
}

Finding Tracefs() {
  Result<std::string> folder = kernel::FindTracefs();
  if (!folder) return No(folder.error().Message());
  if (access((*folder + "/events").c_str(), R_OK | X_OK) != 0) {
    return No(fmt::format("{} cannot be read: {}", *folder, std::strerror(errno)),
              "run as root, or with CAP_DAC_READ_SEARCH");
  }
  return Yes(*folder);
}

Finding KernelBtf(kernel::KernelView& kernel) {
  Result<const kernel::Btf*> btf = kernel.KernelBtf();
  if (!btf) return No(btf.error().Message(), "a kernel with CONFIG_DEBUG_INFO_BTF=y");
  return Yes(fmt::format("{} types", (*btf)->type_count()));
}

Finding ModuleBtf() {
  std::error_code error;
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/btf", error)) {
    count += entry.path().filename() != "vmlinux" ? 1 : 0;
  }
  if (count > 0) return Yes(fmt::format("{} modules", count));
  return No("no loaded module has any", "a kernel with CONFIG_DEBUG_INFO_BTF_MODULES=y, if there are modules");
}

Finding KernelSymbols() {
  const std::optional<std::string> text = FileText("/proc/kallsyms");
  if (!text) return No("/proc/kallsyms cannot be read", "a kernel with CONFIG_KALLSYMS=y");
  // Some have the address 0 in any case.
  if (text->find("\nffffffff") == std::string::npos) {
    return No("/proc/kallsyms shows no addresses", "run with CAP_SYSLOG, and with kernel.kptr_restrict below 2");
  }
  return Yes();
}

Finding KernelHeaders(kernel::KernelView& kernel) {
  const std::string folder = fmt::format("/lib/modules/{}/build", kernel.Release());
  if (access(folder.c_str(), X_OK) == 0) return Yes(folder);
  return No(fmt::format("{} is not there; BTF and a table of constants stand in for it", folder),
            fmt::format("apt install linux-headers-{}", kernel.Release()));
}

Finding UserHeaders() {
  if (access("/usr/include/linux/types.h", R_OK) == 0) return Yes("/usr/include/linux");
  return No("#include <linux/…> finds nothing", "apt install linux-libc-dev");
}

}  // namespace

Group ExamineKernel(const Patient& patient) {
  utsname name{};
  uname(&name);
  return {"Kernel",
          {{"release", Fact(patient.kernel.Release())},
           {"version", Fact(name.version)},
           {"architecture", Fact(name.machine)},
           {"CPUs",
            Fact(fmt::format("{} online, {} possible", patient.kernel.OnlineCpus(), patient.kernel.PossibleCpus()))},
           {"lockdown", Lockdown(patient.kernel)}}};
}

Group ExamineSettings(const Patient& /*patient*/) {
  Group group{"Settings", {}};
  for (const Setting& setting : kSettings) {
    const std::optional<int64_t> value = FileNumber(std::string(setting.path));
    group.rows.push_back({std::string(setting.name), value
                                                         ? Fact(fmt::format("{}: {}", *value, setting.meaning(*value)))
                                                         : Unknown("this kernel has no such setting")});
  }
  return group;
}

Group ExamineCapabilities(const Patient& /*patient*/) {
  Group group{"Privileges", {{"user id", Fact(fmt::format("{}", geteuid()))}}};
  const std::optional<uint64_t> held = EffectiveCapabilities();
  for (const Capability& capability : kCapabilities) {
    Finding finding = !held                                   ? Unknown("/proc/self/status cannot be read")
                      : ((*held >> capability.bit) & 1U) != 0 ? Yes()
                                                              : No(fmt::format("needed {}", capability.need),
                                                                   "run as root, or give it by setpriv or a unit file");
    group.rows.push_back({std::string(capability.name), std::move(finding)});
  }
  return group;
}

Group ExamineFiles(const Patient& patient) {
  return {"Files",
          {{"tracefs", Tracefs()},
           {"BTF of the kernel", KernelBtf(patient.kernel)},
           {"BTF of modules", ModuleBtf()},
           {"kernel symbols", KernelSymbols()},
           {"kernel headers", KernelHeaders(patient.kernel)},
           {"C headers", UserHeaders()}}};
}

}  // namespace sonde::doctor
