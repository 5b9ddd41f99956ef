#include "runtime/pump.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

namespace sonde::runtime {
namespace {

using namespace std::chrono_literals;

constexpr auto kBusyPatience = 1s;
constexpr auto kBusyNap = 50us;
constexpr auto kGuardInterval = 200us;
constexpr int kGuardNice = -15;
constexpr long kLongestNap = 500'000;  // nanoseconds

// A program that runs inside a system call keeps its CPU, on kernels without preemption, until it ends: what waits for
// that CPU then does not see the ring run full. So this thread stays where it is while the worker runs elsewhere.
class Separation {
 public:
  Separation() {
    const int cpu = sched_getcpu();
    if (cpu < 0 || pthread_getaffinity_np(pthread_self(), sizeof(before_), &before_) != 0) return;
    elsewhere_ = before_;
    CPU_CLR(cpu, &elsewhere_);
    if (CPU_COUNT(&elsewhere_) == 0) return;
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(cpu, &here);
    is_possible_ = pthread_setaffinity_np(pthread_self(), sizeof(here), &here) == 0;
  }
  Separation(const Separation&) = delete;
  Separation& operator=(const Separation&) = delete;
  ~Separation() {
    if (is_possible_) pthread_setaffinity_np(pthread_self(), sizeof(before_), &before_);
  }

  // Does nothing on a machine with one CPU (or more than a cpu_set_t holds).
  void SendElsewhere(pthread_t thread) const {
    if (is_possible_) pthread_setaffinity_np(thread, sizeof(elsewhere_), &elsewhere_);
  }

 private:
  cpu_set_t before_{};
  cpu_set_t elsewhere_{};
  bool is_possible_ = false;
};

}  // namespace

Pump::Pump(std::vector<Ring> rings, Dispatcher& dispatcher)
    : rings_(std::move(rings)),
      handler_([&dispatcher](std::span<const std::byte> record) { dispatcher.Handle(record); }) {}

void Pump::SetStacks(Ring ring, Ring::Handler handle) {
  stacks_ = std::move(ring);
  stack_handler_ = std::move(handle);
}

void Pump::DrainStacks() {
  if (stacks_) stacks_->Drain(stack_handler_);
}

Pump::Round Pump::Drain() {
  Round round;
  if (stacks_) {
    const Ring::Progress progress = stacks_->Drain(stack_handler_);
    round.records += progress.records;
    round.is_busy |= progress.is_busy;
    round.caught_up &= stacks_->Fill() == 0;
  }
  for (Ring& ring : rings_) {
    const Ring::Progress progress = ring.Drain(handler_);
    round.records += progress.records;
    round.is_busy |= progress.is_busy;
    round.caught_up &= ring.Fill() == 0;
  }
  return round;
}

void Pump::DrainFully(const std::function<bool()>& proceed) {
  auto progress_at = std::chrono::steady_clock::now();
  while (proceed()) {
    const Round round = Drain();
    if (round.caught_up) return;
    const auto now = std::chrono::steady_clock::now();
    if (round.records > 0) {
      progress_at = now;
    } else if (now - progress_at > kBusyPatience) {
      return;
    } else {
      std::this_thread::sleep_for(kBusyNap);
    }
  }
}

size_t Pump::TakeRest() {
  size_t unfinished = 0;
  if (stacks_) unfinished += stacks_->Drain(stack_handler_, Ring::AtBusy::kStepOver).unfinished;
  for (Ring& ring : rings_) unfinished += ring.Drain(handler_, Ring::AtBusy::kStepOver).unfinished;
  return unfinished;
}

bool Pump::IsEmpty() const {
  if (stacks_ && stacks_->Fill() != 0) return false;
  return std::ranges::all_of(rings_, [](const Ring& ring) { return ring.Fill() == 0; });
}

bool Pump::IsFilling() const {
  if (stacks_ && stacks_->Fill() > stacks_->size() / 2) return true;
  return std::ranges::any_of(rings_, [](const Ring& ring) { return ring.Fill() > ring.size() / 2; });
}

long Pump::NapNanoseconds() const {
  // Programs were seen to write up to about 1 GB/s; an eighth of the ring at that rate.
  return rings_.empty() ? kLongestNap : std::min<long>(kLongestNap, rings_.front().size() / 8);
}

struct OverflowGuard::Worker {
  explicit Worker(Pump& pump) : thread([this, &pump](const std::stop_token& stop) { Work(stop, pump); }) {
    separation.SendElsewhere(thread.native_handle());
  }

  void Work(const std::stop_token& stop, Pump& pump) {
    // A ring may run full within milliseconds, on a machine that has other things to do. Without the right to, we try
    // as we are.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kGuardNice);
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      if (pump.IsFilling()) {
        pump.Drain();
      } else {
        wake.wait_for(lock, stop, kGuardInterval, [] { return false; });
      }
    }
  }

  Separation separation;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread thread;  // last: it uses the others
};

OverflowGuard::OverflowGuard(Pump& pump) {
  try {
    worker_ = std::make_unique<Worker>(pump);
  } catch (const std::system_error&) {
    worker_.reset();  // no thread to be had: what does not fit into the ring is counted as lost
  }
}

OverflowGuard::~OverflowGuard() = default;

}  // namespace sonde::runtime
