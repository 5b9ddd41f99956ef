// Moves records from the rings to the dispatcher.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "image/event.h"
#include "runtime/dispatcher.h"
#include "runtime/ring.h"

namespace sonde::runtime {

class Pump {
 public:
  // `rings` in the order in which they are looked at, the data ring first. The dispatcher must outlive the pump.
  Pump(std::vector<Ring> rings, Dispatcher& dispatcher);

  // A ring whose records go to `handle`, always before those of the others.
  void SetStacks(Ring ring, Ring::Handler handle);
  void DrainStacks();

  struct Round {
    size_t records = 0;
    bool is_busy = false;   // a producer is in the middle of a record
    bool caught_up = true;  // nothing more was there
  };
  // One look at every ring.
  Round Drain();
  // Until the rings are empty; waits for producers in the middle of a record, but not for ever (one may be in a guest
  // that is not scheduled). `proceed` is asked from time to time.
  void DrainFully(const std::function<bool()>& proceed);
  // At the end, when no program begins a record any more: what stands behind the records whose producers did not finish
  // in that time. Gives the number of these.
  size_t TakeRest();

  bool IsEmpty() const;
  // Some ring is more than half full.
  bool IsFilling() const;
  // How long a reader under load may look away without a ring running full, in nanoseconds.
  long NapNanoseconds() const;

 private:
  std::vector<Ring> rings_;
  std::optional<Ring> stacks_;
  Ring::Handler stack_handler_;
  Ring::Handler handler_;
};

// While it lives, another thread takes records when a ring runs full: for programs that we run in this thread and that
// can fill the ring in one go. It leaves less than half a ring alone, so that actions on maps (print, clear) see the
// maps as the program leaves them, as long as it prints no more than that. Nobody else may use the pump meanwhile.
class OverflowGuard {
 public:
  explicit OverflowGuard(Pump& pump);
  OverflowGuard(const OverflowGuard&) = delete;
  OverflowGuard& operator=(const OverflowGuard&) = delete;
  ~OverflowGuard();

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace sonde::runtime
