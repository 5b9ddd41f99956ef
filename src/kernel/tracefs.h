// Finding, mounting and reading the kernel's small text files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sonde::kernel {

// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

// The folder where tracefs is mounted. Mounts it at /sys/kernel/tracing when it is mounted nowhere, which needs root.
Result<std::string> FindTracefs();

// The same over given places, the first of which is where it would be mounted, for tests.
Result<std::string> FindTracefsIn(const std::string& mount_point, const std::string& debugfs_place);

// A file of a file system that may be mounted nowhere: a mount without a place in the tree, which goes with the
// descriptor. Needs CAP_SYS_ADMIN.
Result<std::string> ReadFromDetached(const char* file_system, const std::string& path);

// Reads a file below `directory` (AT_FDCWD for the current one) to its end, or until `stop` has been read when it is
// not empty: tracefs returns a page at a time, and a reader of format files needs nothing behind the fields.
// Errors carry errno; `operation` and `object` are the caller's to improve.
Result<std::string> ReadTextFile(int directory, const std::string& path, std::string_view stop = {});

}  // namespace sonde::kernel
