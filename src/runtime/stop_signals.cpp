#include "runtime/stop_signals.h"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace sonde::runtime {
namespace {

constexpr suseconds_t kGraceMicroseconds = 200'000;
constexpr int64_t kTogetherNanoseconds = 100'000'000;

std::atomic<int64_t> first_at{0};  // 0: none came
std::atomic<bool> urgent{false};
std::atomic<int> wake_fd{-1};
static_assert(std::atomic<int64_t>::is_always_lock_free, "used in signal handlers");

int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

void BeUrgent() {
  urgent = true;
  const itimerval grace{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = kGraceMicroseconds}};
  setitimer(ITIMER_REAL, &grace, nullptr);
}

void OnStop(int /*signal*/) {
  const int saved_errno = errno;
  const int64_t now = Now();
  int64_t none = 0;
  if (!first_at.compare_exchange_strong(none, now) && now - none > kTogetherNanoseconds && !urgent) BeUrgent();
  const uint64_t one = 1;
  if (write(wake_fd.load(), &one, sizeof(one)) < 0) {
    // Nothing to do about it here: what is noted above is seen as well.
  }
  errno = saved_errno;
}

// The end did not come in time: die of the signal that was sent.
void OnGraceOver(int /*signal*/) {
  signal(SIGINT, SIG_DFL);
  raise(SIGINT);
}

}  // namespace

StopSignals::StopSignals() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  first_at = 0;
  urgent = false;
  wake_fd = fd_.get();
  Replace(SIGPIPE, SIG_IGN);  // a closed output is seen by its sink
  Replace(SIGALRM, OnGraceOver);
  Replace(SIGINT, OnStop);
  Replace(SIGTERM, OnStop);
  struct sigaction hangup;
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) Replace(SIGHUP, OnStop);
}

StopSignals::~StopSignals() {
  const itimerval off{};
  setitimer(ITIMER_REAL, &off, nullptr);
  for (const Replaced& replaced : replaced_) sigaction(replaced.signal, &replaced.action, nullptr);
  wake_fd = -1;
}

void StopSignals::Replace(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  Replaced replaced{.signal = signal, .action = {}};
  if (sigaction(signal, &action, &replaced.action) == 0) replaced_.push_back(replaced);
}

bool StopSignals::Came() const { return first_at.load() != 0; }
bool StopSignals::IsUrgent() const { return urgent.load(); }

}  // namespace sonde::runtime
