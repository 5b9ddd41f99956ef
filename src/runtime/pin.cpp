#include "runtime/pin.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "runtime/bpf_call.h"

namespace sonde::runtime {
namespace {

// In the child: waits until nobody holds the pipe's other end, then removes the path. Makes only system calls: the
// process was forked in the middle of whatever it did.
[[noreturn]] void RemoveAtEnd(int life, const char* path) {
  dup2(life, 0);
  syscall(SYS_close_range, 1U, ~0U, 0U);
  setsid();  // Ctrl-C is not for this process
  for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(one, SIG_IGN);
  char nothing = 0;
  while (read(0, &nothing, 1) < 0 && errno == EINTR) {
  }
  unlink(path);
  _exit(0);
}

// The child's child keeps watch, so that nobody has to wait for it.
UniqueFd Watch(const std::string& path) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return UniqueFd();
  UniqueFd life(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    if (fork() == 0) RemoveAtEnd(ends[0], path.c_str());
    _exit(0);
  }
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return life;
}

}  // namespace

Result<Pin> Pin::Make(int object, const std::string& path) {
  const int result = BpfPin(object, path.c_str());
  if (result < 0) {
    Error error{.operation = "pin an iterator at", .object = path, .error_number = -result};
    if (result == -EEXIST) error.remedy = "remove that file";
    if (result == -EPERM || result == -ENOENT || result == -EINVAL) {
      error.remedy = "the folder must be one of a BPF file system: mount -t bpf bpf /sys/fs/bpf";
    }
    return std::unexpected(std::move(error));
  }
  return Pin(path, Watch(path));
}

Pin::~Pin() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace sonde::runtime
