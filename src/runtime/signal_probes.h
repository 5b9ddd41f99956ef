// Bodies that run in the tracer when it gets a signal.
#pragma once

#include <csignal>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sonde::runtime {

// Holds the signals back from the process, as long as it lives, and hands them out one by one. Threads started after it
// do not get them either; a command is to be started before.
class SignalProbes {
 public:
  struct Probe {
    int signal = 0;
    int program = -1;
  };
  explicit SignalProbes(std::vector<Probe> probes);
  SignalProbes(const SignalProbes&) = delete;
  SignalProbes& operator=(const SignalProbes&) = delete;
  ~SignalProbes();

  // Readable when a signal is there; -1 when the script waits for none.
  int fd() const { return fd_.get(); }
  // The programs of the signals that came, in their order.
  std::vector<int> Take();

 private:
  std::vector<Probe> probes_;
  UniqueFd fd_;
  sigset_t before_{};
};

}  // namespace sonde::runtime
