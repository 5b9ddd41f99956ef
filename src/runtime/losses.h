// Tells the sink what was lost: exact counts, by line of the script.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "image/event.h"
#include "image/image.h"
#include "runtime/control.h"
#include "runtime/probe_set.h"

namespace sonde::runtime {

class LossReport {
 public:
  // All must outlive the report.
  LossReport(const image::Image& image, const ControlBlock& control, image::Sink& sink)
      : image_(image), control_(control), sink_(sink), told_(image.loss_sites.size()) {}

  // Tells of counters that grew, at most once a second.
  void WhileRunning();
  // How long it will tell nothing since it has just told something; 0: it would tell now.
  std::chrono::nanoseconds Silence() const;
  // Whether there is something to tell.
  bool HasNews() const;
  // Whether somebody waits for failures of helpers (-k), of which programs wake nobody.
  bool LooksForFailures() const;
  // Everything, once. `unfinished`: records that a program had begun.
  void AtEnd(const std::vector<ProbeSet::Misses>& misses, uint64_t malformed, uint64_t unfinished = 0);

 private:
  bool IsHelper(size_t site) const;
  void TellHelper(const std::vector<uint64_t>& counters, size_t site, bool at_end);

  const image::Image& image_;
  const ControlBlock& control_;
  image::Sink& sink_;
  std::vector<uint64_t> told_;  // totals, by loss site
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

}  // namespace sonde::runtime
