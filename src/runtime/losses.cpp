#include "runtime/losses.h"

#include <algorithm>
#include <utility>

namespace sonde::runtime {

bool LossReport::IsHelper(size_t site) const {
  const image::LossReason reason = image_.loss_sites[site].reason;
  return reason == image::LossReason::kHelperFailed || reason == image::LossReason::kHelperCode;
}

// Once when it is first seen, and at the end with the count.
void LossReport::TellHelper(const std::vector<uint64_t>& counters, size_t site, bool at_end) {
  if (image_.loss_sites[site].reason != image::LossReason::kHelperFailed || counters[site] == 0) return;
  if (!at_end && told_[site] != 0) return;
  const uint64_t code = site + 1 < counters.size() ? counters[site + 1] : 0;
  sink_.Emit(image::HelperErrorEvent{
      .site = &image_.loss_sites[site], .code = static_cast<int>(code), .count = counters[site], .at_end = at_end});
}

void LossReport::WhileRunning() {
  if (image_.loss_sites.empty() || Silence() > std::chrono::nanoseconds::zero() || !HasNews()) return;
  next_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  const std::vector<uint64_t> counters = control_.LossCounters();
  for (size_t site = 0; site < counters.size(); ++site) TellHelper(counters, site, /*at_end=*/false);
  for (size_t site = 0; site < counters.size(); ++site) {
    if (std::exchange(told_[site], counters[site]) == counters[site]) continue;
    if (IsHelper(site)) continue;
    sink_.Emit(image::LossEvent{.site = &image_.loss_sites[site], .count = counters[site], .at_end = false});
  }
}

std::chrono::nanoseconds LossReport::Silence() const {
  return std::max<std::chrono::nanoseconds>(next_ - std::chrono::steady_clock::now(), std::chrono::nanoseconds::zero());
}

bool LossReport::HasNews() const {
  for (size_t site = 0; site < told_.size(); ++site) {
    const uint64_t count = control_.LossCounter(site);
    // Of a helper's failures the first is told; its code is no count.
    if (IsHelper(site) ? told_[site] == 0 && count != 0 : told_[site] != count) return true;
  }
  return false;
}

bool LossReport::LooksForFailures() const {
  return std::ranges::find(image_.loss_sites, image::LossReason::kHelperFailed, &image::LossSite::reason) !=
         image_.loss_sites.end();
}

void LossReport::AtEnd(const std::vector<ProbeSet::Misses>& misses, uint64_t malformed, uint64_t unfinished) {
  const std::vector<uint64_t> counters = control_.LossCounters();
  for (size_t site = 0; site < counters.size(); ++site) {
    TellHelper(counters, site, /*at_end=*/true);
    if (counters[site] == 0 || IsHelper(site)) continue;
    sink_.Emit(image::LossEvent{.site = &image_.loss_sites[site], .count = counters[site]});
  }
  for (const ProbeSet::Misses& missed : misses) {
    sink_.Emit(image::LossEvent{.object = missed.covers, .reason = "missed by recursion", .count = missed.count});
  }
  if (const uint64_t errors = control_.RuntimeErrors(); errors != 0) {
    sink_.Emit(image::LossEvent{.object = "run-time errors", .reason = "the ring of errors was full", .count = errors});
  }
  if (unfinished != 0) {
    sink_.Emit(image::LossEvent{.object = "",
                                .reason = "still being written at the end, on a CPU that did not run meanwhile",
                                .count = unfinished});
  }
  if (malformed != 0) {
    sink_.Emit(image::LossEvent{.object = "",
                                .reason = "internal error: records that do not fit the script, please report",
                                .count = malformed});
  }
}

}  // namespace sonde::runtime
