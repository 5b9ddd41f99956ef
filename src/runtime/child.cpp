#include "runtime/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "runtime/words.h"

namespace sonde::runtime {
namespace {

constexpr int kGraceMilliseconds = 100;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("make", "pipe");
  return Pipe{.read = UniqueFd(ends[0]), .write = UniqueFd(ends[1])};
}

// In the child: only what is allowed between fork and exec.
[[noreturn]] void RunHeld(pid_t tracer, const char* path, char* const* arguments, int hold, int hold_writer,
                          int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != tracer) _exit(0);  // it went before we asked to go with it
  close(hold_writer);
  char go = 0;
  ssize_t got = 0;
  do {
    got = read(hold, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(0);
  execv(path, arguments);
  const int error_number = errno;
  if (write(report, &error_number, sizeof(error_number)) < 0) _exit(126);
  _exit(127);
}

}  // namespace

Result<UniqueFd> OpenProcess(pid_t pid) {
  UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process.valid()) return process;
  Error error{.operation = "watch process", .object = std::to_string(pid), .error_number = errno};
  // EINVAL: a number that no process can have, or a thread that leads none.
  if (errno == ESRCH || errno == EINVAL) error.reason = "there is no process with this number";
  return std::unexpected(std::move(error));
}

Result<std::unique_ptr<Child>> Child::Hold(const std::string& command) {
  auto words = SplitWords(command);
  if (!words) return std::unexpected(words.error());
  auto path = FindExecutable(words->front());
  if (!path) return std::unexpected(path.error());
  auto hold = MakePipe();
  auto report = MakePipe();
  if (!hold) return std::unexpected(hold.error());
  if (!report) return std::unexpected(report.error());
  std::vector<char*> arguments;
  for (std::string& word : *words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const pid_t tracer = getpid();
  const pid_t pid = fork();
  if (pid < 0) return SystemError("start", words->front());
  if (pid == 0) {
    RunHeld(tracer, path->c_str(), arguments.data(), hold->read.get(), hold->write.get(), report->write.get());
  }
  auto process = OpenProcess(pid);
  if (!process) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return std::unexpected(process.error());
  }
  return std::unique_ptr<Child>(
      new Child(pid, std::move(words->front()), std::move(*process), std::move(hold->write), std::move(report->read)));
}

Child::~Child() {
  hold_.Reset();
  if (waitpid(pid_, nullptr, WNOHANG) == pid_) return;
  Terminate();
  pollfd end{.fd = process_.get(), .events = POLLIN, .revents = 0};
  if (poll(&end, 1, kGraceMilliseconds) != 1) kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<void> Child::Release() {
  const char go = 1;
  if (write(hold_.get(), &go, 1) != 1) return SystemError("start", program_);
  int error_number = 0;
  ssize_t got = 0;
  do {
    got = read(report_.get(), &error_number, sizeof(error_number));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return {};
  return std::unexpected(Error{.operation = "run", .object = program_, .error_number = error_number});
}

void Child::Terminate() {
  // Not yet waited for, so that the number is still its own.
  kill(pid_, SIGTERM);
}

}  // namespace sonde::runtime
