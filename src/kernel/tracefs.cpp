#include "kernel/tracefs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace sonde::kernel {
namespace {

constexpr char kMountPoint[] = "/sys/kernel/tracing";
constexpr char kDebugfsPlace[] = "/sys/kernel/debug/tracing";

bool IsTracefs(const std::string& path) {
  struct statfs info = {};
  return statfs(path.c_str(), &info) == 0 && info.f_type == TRACEFS_MAGIC;
}

std::unexpected<Error> MountError(const std::string& mount_point, int error_number) {
  const std::string command = "mount -t tracefs tracefs " + mount_point;
  Error error{.operation = "mount tracefs at", .object = mount_point, .error_number = error_number};
  switch (error_number) {
    case EPERM:
    case EACCES:
      error.reason = "it is not mounted, and mounting needs root (CAP_SYS_ADMIN)";
      error.remedy = "run `" + command + "` as root";
      break;
    case ENODEV:
      error.reason = "this kernel has no tracefs (it was built without CONFIG_TRACING)";
      break;
    case ENOENT:
    case ENOTDIR:
      error.reason = "there is no such folder; either sysfs is not mounted or this kernel has no tracefs";
      error.remedy = "run `mount -t sysfs sysfs /sys`, then `" + command + "`";
      break;
    default:
      error.remedy = "run `" + command + "`";
  }
  return std::unexpected(std::move(error));
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

int UniqueFd::release() { return std::exchange(fd_, -1); }

Result<std::string> FindTracefsIn(const std::string& mount_point, const std::string& debugfs_place) {
  if (IsTracefs(mount_point)) return mount_point;
  if (IsTracefs(debugfs_place)) return debugfs_place;
  if (mount("tracefs", mount_point.c_str(), "tracefs", 0, nullptr) == 0) return mount_point;
  // EBUSY: someone else mounted it since we looked.
  const int error_number = errno;
  if (IsTracefs(mount_point)) return mount_point;
  return MountError(mount_point, error_number);
}

Result<std::string> FindTracefs() { return FindTracefsIn(kMountPoint, kDebugfsPlace); }

Result<std::string> ReadFromDetached(const char* file_system, const std::string& path) {
  const auto failure = [&] {
    return std::unexpected(Error{.operation = "look into", .object = file_system, .error_number = errno});
  };
  const UniqueFd context(fsopen(file_system, FSOPEN_CLOEXEC));
  if (!context.valid()) return failure();
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return failure();
  const UniqueFd root(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY));
  if (!root.valid()) return failure();
  return ReadTextFile(root.get(), path);
}

Result<std::string> ReadTextFile(int directory, const std::string& path, std::string_view stop) {
  UniqueFd file(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return SystemError("open", path);
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    if (got == 0) return text;
    // The stop text may lie across two reads.
    const size_t search_from = text.size() < stop.size() ? 0 : text.size() - stop.size();
    text.append(buffer.data(), static_cast<size_t>(got));
    if (!stop.empty() && text.find(stop, search_from) != std::string::npos) return text;
  }
}

}  // namespace sonde::kernel
