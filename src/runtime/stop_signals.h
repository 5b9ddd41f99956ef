// Ctrl-C and its kin. The first asks for an orderly end; the second ends what is under way, and kills the process when
// that takes longer than a moment (a write that blocks, the kernel detaching). Signals that come together count as one:
// timeout(1) sends each twice.
#pragma once

#include <csignal>
#include <cstddef>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sonde::runtime {

// Installs handlers for SIGINT, SIGTERM and SIGHUP (unless that is ignored, as nohup does) and ignores SIGPIPE, as long
// as it lives. One at a time: signals belong to the process. Handlers, not a signalfd: a blocked write must end.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // Readable once a signal came.
  int fd() const { return fd_.get(); }
  bool Came() const;
  // A second one came: leave out what can be left out.
  bool IsUrgent() const;

 private:
  struct Replaced {
    int signal;
    struct sigaction action;
  };
  void Replace(int signal, void (*handler)(int));

  UniqueFd fd_;
  std::vector<Replaced> replaced_;
};

}  // namespace sonde::runtime
