#include "symbols/worker.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace sonde::symbols {

Worker::~Worker() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Worker::Do(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  if (thread_.joinable() || has_failed_) return;
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  } catch (const std::system_error&) {
    has_failed_ = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
    if (stop.stop_requested()) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace sonde::symbols
