// From nanoseconds since boot, which is what the kernel stamps, to the wall clock as people write it.
#pragma once

#include <cstdint>
#include <ctime>
#include <string_view>

#include "output/buffer.h"

namespace sonde::output {

// CLOCK_REALTIME minus CLOCK_BOOTTIME in nanoseconds, now.
int64_t RealtimeOffset();

class Clock {
 public:
  using OffsetFunction = int64_t (*)();

  // `offset` is asked again every few seconds: the wall clock may be set while we run.
  explicit Clock(OffsetFunction offset = RealtimeOffset) : offset_function_(offset) {}

  // Nanoseconds since 1970.
  int64_t Realtime(uint64_t ns_since_boot) {
    // Added as unsigned: a stamp may be any number that a script made up.
    return static_cast<int64_t>(ns_since_boot + static_cast<uint64_t>(Offset(ns_since_boot)));
  }
  // By strftime's `format`, in local time; `%f` is the microseconds in six digits.
  void Append(Buffer& out, std::string_view format, uint64_t ns_since_boot);

 private:
  int64_t Offset(uint64_t ns_since_boot);

  OffsetFunction offset_function_;
  int64_t offset_ = 0;
  uint64_t offset_taken_at_ = 0;
  bool has_offset_ = false;
  time_t second_ = -1;  // of `local_`; localtime_r takes a lock and looks at TZ
  tm local_{};
};

}  // namespace sonde::output
