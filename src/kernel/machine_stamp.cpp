#include "kernel/machine_stamp.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/unique_fd.h"

namespace sonde::kernel {
namespace {

// Empty when it cannot be read.
std::string TextOf(const char* path) {
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return "";
  std::string text;
  std::array<char, 16384> chunk{};
  for (ssize_t got = 0; (got = read(file.get(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<size_t>(got));
  }
  return text;
}

// Of each line of /proc/modules the name and the size; use counts come and go.
std::string Modules() {
  const std::string text = TextOf("/proc/modules");
  std::string modules;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t name_end = line.find(' ');
    modules += line.substr(0, line.find(' ', name_end + 1));
    modules += ',';
  }
  return modules;
}

std::string Capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return "";
  return fmt::format("{:x}:{:x}", sets[1].effective, sets[0].effective);
}

std::string PidNamespace() {
  struct stat status{};
  return stat("/proc/self/ns/pid", &status) == 0 ? std::to_string(status.st_ino) : "";
}

std::string Kernel() {
  utsname names{};
  return uname(&names) == 0 ? fmt::format("{} {}", names.release, names.version) : "";
}

}  // namespace

std::string MachineStamp() {
  return fmt::format(
      "boot {}kernel {}\nmodules {}\ncpus {}{}lockdown {}events {}\nuser {} {}\npid namespace {}\n",
      TextOf("/proc/sys/kernel/random/boot_id"), Kernel(), Modules(), TextOf("/sys/devices/system/cpu/online"),
      TextOf("/sys/devices/system/cpu/possible"), TextOf("/sys/kernel/security/lockdown"),
      TextOf("/sys/kernel/tracing/dynamic_events"), geteuid(), Capabilities(), PidNamespace());
}

}  // namespace sonde::kernel
