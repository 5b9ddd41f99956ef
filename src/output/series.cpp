#include "output/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

namespace sonde::output {

using image::MapSpec;
using image::SeriesMerge;
using image::SeriesSlot;

namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kMicrosecond = 1'000;
constexpr size_t kTimeWidth = 13;  // "hh:mm:ss.ms" and a blank or two

std::vector<SeriesSlot> ReadSlots(const MapSpec& map, Bytes value) {
  std::vector<SeriesSlot> slots(std::min<size_t>(map.series_count, value.size() / sizeof(SeriesSlot)));
  if (!slots.empty()) std::memcpy(slots.data(), value.data(), slots.size() * sizeof(SeriesSlot));
  std::erase_if(slots, [](const SeriesSlot& slot) { return slot.interval == 0; });
  std::ranges::sort(slots, {}, &SeriesSlot::interval);
  return slots;
}

MapNumber NumberOf(const MapSpec& map, const SeriesSlot& slot, bool is_signed) {
  MapNumber number{slot.value, is_signed};
  if (map.series_merge == SeriesMerge::kAvg) number = number.DividedBy(slot.extra);
  return number;
}

// A scale's column for a number, 0 … width, as the distance from the smallest one.
class Scale {
 public:
  Scale(const std::vector<SeriesPoint>& points, size_t width) : width_(width) {
    bool is_first = true;
    for (const SeriesPoint& point : points) {
      if (!point.number) continue;
      const __int128 n = Wide(*point.number);
      low_ = is_first ? n : std::min(low_, n);
      high_ = is_first ? n : std::max(high_, n);
      is_first = false;
    }
  }

  static __int128 Wide(MapNumber number) {
    return number.is_signed ? __int128{number.value} : __int128{static_cast<uint64_t>(number.value)};
  }
  size_t Column(__int128 n) const {
    if (high_ == low_) return 0;
    return static_cast<size_t>((n - low_) * static_cast<__int128>(width_) / (high_ - low_));
  }
  bool CrossesZero() const { return low_ < 0 && high_ > 0; }
  std::string Low() const { return Text(low_); }
  std::string High() const { return Text(high_); }

 private:
  static std::string Text(__int128 n) {
    return n < 0 ? fmt::format("{}", static_cast<int64_t>(n)) : fmt::format("{}", static_cast<uint64_t>(n));
  }

  size_t width_;
  __int128 low_ = 0;
  __int128 high_ = 0;
};

}  // namespace

std::vector<SeriesPoint> SeriesPoints(const Values& values, const MapSpec& map, Bytes value, uint64_t div) {
  const bool is_signed = values.type(map.value_type).is_signed;
  std::vector<SeriesSlot> slots = ReadSlots(map, value);
  // What was recorded before the last `series_count` intervals is of a ring's earlier round.
  if (!slots.empty()) {
    const uint64_t last = slots.back().interval;
    std::erase_if(slots, [&](const SeriesSlot& slot) { return last - slot.interval >= map.series_count; });
  }
  std::vector<SeriesPoint> points;
  for (const SeriesSlot& slot : slots) {
    const uint64_t number = slot.interval - 1;
    if (!points.empty()) {
      for (uint64_t at = points.back().start_ns / map.series_interval + 1; at < number; ++at) {
        points.push_back({at * map.series_interval, std::nullopt});
      }
    }
    points.push_back({number * map.series_interval, NumberOf(map, slot, is_signed).DividedBy(div)});
  }
  return points;
}

void AppendIntervalStart(Buffer& out, Clock& clock, const MapSpec& map, const SeriesPoint& point) {
  const size_t start = out.size();
  clock.Append(out, "%H:%M:%S.%f", point.start_ns);
  if (map.series_interval >= kMillisecond && out.size() - start > 3) {
    out.Truncate(out.size() - 3);
  } else if (map.series_interval < kMicrosecond) {
    fmt::format_to(std::back_inserter(out), "{:03}", point.start_ns % kMicrosecond);
  }
}

// Before the scale stands the time, behind it the number.
size_t SeriesWidth(size_t columns) {
  constexpr size_t kBeside = 28;
  constexpr size_t kSmallest = 20;
  return columns < kBeside + kSmallest ? kSmallest : columns - kBeside;
}

void AppendSeries(Buffer& out, Clock& clock, const MapSpec& map, const std::vector<SeriesPoint>& points, size_t width) {
  const Scale scale(points, width);
  const size_t time_width = map.series_interval >= kMillisecond   ? kTimeWidth
                            : map.series_interval >= kMicrosecond ? kTimeWidth + 3
                                                                  : kTimeWidth + 6;
  const auto label = [&] {
    fmt::format_to(std::back_inserter(out), "{:{}}{:<{}}{}\n", "", time_width, scale.Low(), width, scale.High());
  };
  label();
  const std::string_view unit = map.series_interval >= kMillisecond   ? "hh:mm:ss.ms"
                                : map.series_interval >= kMicrosecond ? "hh:mm:ss.us"
                                                                      : "hh:mm:ss.ns";
  fmt::format_to(std::back_inserter(out), "{:<{}}|{:_<{}}|\n", unit, time_width, "", width - 1);
  for (const SeriesPoint& point : points) {
    const size_t start = out.size();
    AppendIntervalStart(out, clock, map, point);
    out.Fill(time_width - std::min(time_width, out.size() - start), ' ');
    std::string line = '|' + std::string(width - 1, ' ') + '|';
    if (scale.CrossesZero()) line[scale.Column(0)] = '.';
    if (point.number) line[scale.Column(Scale::Wide(*point.number))] = '*';
    out.Append(line);
    out.Append(' ');
    if (point.number) {
      AppendInteger(out, point.number->value, point.number->is_signed);
    } else {
      out.Append('-');
    }
    out.Append('\n');
  }
  fmt::format_to(std::back_inserter(out), "{:{}}v{:_<{}}v\n", "", time_width, "", width - 1);
  label();
}

}  // namespace sonde::output
