#include "runtime/signal_probes.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace sonde::runtime {

SignalProbes::SignalProbes(std::vector<Probe> probes) : probes_(std::move(probes)) {
  sigset_t mine;
  sigemptyset(&mine);
  for (const Probe& probe : probes_) sigaddset(&mine, probe.signal);
  pthread_sigmask(SIG_BLOCK, &mine, &before_);
  if (!probes_.empty()) fd_.Reset(signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalProbes::~SignalProbes() {
  // Those that nobody took would end the process now.
  Take();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::vector<int> SignalProbes::Take() {
  std::vector<int> programs;
  signalfd_siginfo came{};
  while (fd_.valid() && read(fd_.get(), &came, sizeof(came)) == static_cast<ssize_t>(sizeof(came))) {
    for (const Probe& probe : probes_) {
      if (probe.signal == static_cast<int>(came.ssi_signo)) programs.push_back(probe.program);
    }
  }
  return programs;
}

}  // namespace sonde::runtime
