#include "output/commands.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace sonde::output {
namespace {

using std::chrono::steady_clock;

constexpr int kPatience = 300;                  // milliseconds that we wait for a command, or a file, before we go on
constexpr int kLastPatience = 2000;             // … at the end
constexpr size_t kMaxOutput = size_t{1} << 20;  // of a command, where it is collected

int MillisecondsUntil(steady_clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

int OpenProcess(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// A shell with the signals that we have blocked or ignored as they were.
int Spawn(const std::string& command, int output, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // to be ended with all that it starts
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string text = command;
  std::array<char, 3> shell{"sh"};
  std::array<char, 3> option{"-c"};
  std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
  const int problem = posix_spawn(&pid, "/bin/sh", &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return problem;
}

}  // namespace

int ReadStart(const std::string& path, uint64_t max_bytes, std::string& text) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return errno;
  const auto end = steady_clock::now() + std::chrono::milliseconds(kPatience);
  std::array<char, 16384> part;
  while (text.size() < max_bytes) {
    const ssize_t got = read(file.get(), part.data(), std::min<uint64_t>(part.size(), max_bytes - text.size()));
    if (got > 0) {
      text.append(part.data(), static_cast<size_t>(got));
    } else if (got == 0) {
      return 0;
    } else if (errno == EAGAIN) {
      pollfd waiting{.fd = file.get(), .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, MillisecondsUntil(end)) == 0) return ETIMEDOUT;
    } else if (errno != EINTR) {
      return errno;
    }
    if (MillisecondsUntil(end) == 0) return text.size() < max_bytes ? ETIMEDOUT : 0;
  }
  return 0;
}

Commands::~Commands() { Take(/*at_end=*/true); }

int Commands::Run(const std::string& command, int descriptor) {
  Running running;
  std::array<int, 2> ends{-1, -1};
  UniqueFd write_end;
  if (descriptor < 0) {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
    running.pipe = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    descriptor = write_end.get();
  }
  if (const int problem = Spawn(command, descriptor, running.pid); problem != 0) return problem;
  write_end.Reset();
  running.process = UniqueFd(OpenProcess(running.pid));
  const auto end = steady_clock::now() + std::chrono::milliseconds(kPatience);
  while (!running.has_ended && MillisecondsUntil(end) > 0) Watch(running, MillisecondsUntil(end));
  running_.push_back(std::move(running));
  return 0;
}

void Commands::Watch(Running& command, int milliseconds) {
  std::array<pollfd, 2> waiting{{{.fd = command.process.get(), .events = POLLIN, .revents = 0},
                                 {.fd = command.pipe.get(), .events = POLLIN, .revents = 0}}};
  if (poll(waiting.data(), waiting.size(), milliseconds) <= 0) return;
  std::array<char, 16384> part;
  ssize_t got = 0;
  while (command.pipe.valid() && (got = read(command.pipe.get(), part.data(), part.size())) > 0) {
    const size_t room = kMaxOutput - std::min(kMaxOutput, command.output.size());
    command.output.append(part.data(), std::min(static_cast<size_t>(got), room));
  }
  if (got == 0) command.pipe.Reset();
  if (waiting[0].revents != 0 && waitpid(command.pid, nullptr, WNOHANG) != 0) command.has_ended = true;
}

std::vector<Commands::Finished> Commands::Take(bool at_end) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(at_end ? kLastPatience : 0);
  std::vector<Finished> finished;
  for (Running& command : running_) {
    do {
      if (!command.has_ended) Watch(command, MillisecondsUntil(end));
    } while (!command.has_ended && MillisecondsUntil(end) > 0);
    if (at_end && !command.has_ended) {
      kill(-command.pid, SIGTERM);
      Watch(command, kPatience);
      command.has_ended = true;
    }
    if (command.has_ended) finished.push_back({std::move(command.output)});
  }
  std::erase_if(running_, [](const Running& command) { return command.has_ended; });
  return finished;
}

}  // namespace sonde::output
