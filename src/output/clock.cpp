#include "output/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace sonde::output {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
// No machine has run for 31 years: what is above counts from 1970, as nsecs(tai) and the times of files do.
constexpr uint64_t kSince1970 = uint64_t{1'000'000'000} * kSecond;

int64_t Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

// The format with `%f` put in as digits; strftime does not know it.
std::string WithMicroseconds(std::string_view format, int64_t nanoseconds) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
    } else if (format[++i] == 'f') {
      fmt::format_to(std::back_inserter(out), "{:06}", nanoseconds / 1000);
    } else {
      out += {'%', format[i]};
    }
  }
  return out;
}

}  // namespace

int64_t RealtimeOffset() { return Now(CLOCK_REALTIME) - Now(CLOCK_BOOTTIME); }

int64_t Clock::Offset(uint64_t ns_since_boot) {
  constexpr uint64_t kValidFor = uint64_t{5} * kSecond;
  if (!has_offset_ || ns_since_boot > offset_taken_at_ + kValidFor) {
    offset_ = offset_function_();
    offset_taken_at_ = ns_since_boot;
    has_offset_ = true;
  }
  return offset_;
}

void Clock::Append(Buffer& out, std::string_view format, uint64_t ns_since_boot) {
  const int64_t ns =
      ns_since_boot >= kSince1970 ? static_cast<int64_t>(ns_since_boot) : Realtime(ns_since_boot);
  int64_t nanoseconds = ns % kSecond;
  time_t second = ns / kSecond;
  if (nanoseconds < 0) {
    nanoseconds += kSecond;
    --second;
  }
  if (second != second_) {
    localtime_r(&second, &local_);
    second_ = second;
  }
  // A blank at the end tells a result that is empty from one that did not fit.
  const std::string full = WithMicroseconds(format, nanoseconds) + ' ';
  for (size_t room = std::max<size_t>(256, full.size() * 4); room < (size_t{1} << 20); room *= 4) {
    char* start = out.Room(room);
    if (const size_t length = strftime(start, room, full.c_str(), &local_); length > 0) {
      return out.End(start + length - 1);
    }
  }
}

}  // namespace sonde::output
