#include "runtime/stop_signals.h"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace sonde::runtime {
namespace {

constexpr suseconds_t kGraceMicroseconds = 200'000;

std::atomic<int> received{0};
std::atomic<int> wake_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free, "used in signal handlers");

void OnStop(int /*signal*/) {
  const int saved_errno = errno;
  if (received.fetch_add(1) == 1) {
    const itimerval grace{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = kGraceMicroseconds}};
    setitimer(ITIMER_REAL, &grace, nullptr);
  }
  const uint64_t one = 1;
  if (write(wake_fd.load(), &one, sizeof(one)) < 0) {
    // Nothing to do about it here: the count is seen as well.
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
  received = 0;
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

bool StopSignals::Came() const { return received.load() > 0; }
bool StopSignals::IsUrgent() const { return received.load() > 1; }

}  // namespace sonde::runtime
