// The runtime's view of image::Control and the loss counters: shared with the running programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "image/abi.h"
#include "runtime/mapping.h"

namespace sonde::runtime {

class ControlBlock {
 public:
  // Maps the control map's value, `size` bytes with the counters of `loss_sites` behind the struct.
  static Result<ControlBlock> Map(int map, uint32_t size, size_t loss_sites);
  // For a script without programs: nobody else looks at it.
  static ControlBlock Private();

  bool ExitRequested() const;
  // All programs that test the flag return at once from here on.
  void RequestExit();
  int ExitCode() const;
  // What the test that ran last returned; both are forgotten before the next.
  int64_t Returned() const;
  void ForgetOutcome();
  void SetStart(uint64_t boot_time_ns);
  void SetChild(uint32_t pid);

  // Before the reader looks at the rings a last time and waits: producers then know that they must wake it.
  void FallAsleep(bool heeds_losses);
  void Awake();

  // By slot: image::Control::left_out.
  uint64_t LeftOut(uint32_t slot) const;
  uint64_t RuntimeErrors() const;
  // One per Image::loss_sites.
  std::vector<uint64_t> LossCounters() const;
  uint64_t LossCounter(size_t site) const;

 private:
  ControlBlock() = default;

  Mapping mapping_;
  std::unique_ptr<image::Control> private_;
  image::Control* control_ = nullptr;  // in one of the two
  size_t loss_sites_ = 0;
};

}  // namespace sonde::runtime
