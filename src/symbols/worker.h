// A thread that does things ahead of time, one after the other: reading tables of names while events are still coming.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace sonde::symbols {

class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Waits for the job that runs; others are dropped.
  ~Worker();

  // Starts the thread at the first call. Without a thread to be had nothing is done: jobs must be such that somebody
  // does them later, when he needs them.
  void Do(std::function<void()> job);

 private:
  void Run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> jobs_;
  bool has_failed_ = false;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace sonde::symbols
