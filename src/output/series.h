// Numbers over time (tseries): which intervals a map's value holds, and how they are drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/image.h"
#include "output/buffer.h"
#include "output/clock.h"
#include "output/map_rows.h"
#include "output/value.h"

namespace sonde::output {

struct SeriesPoint {
  uint64_t start_ns = 0;            // since boot
  std::optional<MapNumber> number;  // nothing was recorded in the interval
};

// From the first interval with a number to the last, without gaps; none when there is none.
std::vector<SeriesPoint> SeriesPoints(const Values& values, const image::MapSpec& map, Bytes value, uint64_t div);

// The start of an interval as wall-clock time: 10:41:46.700, with as many digits as its length asks for.
void AppendIntervalStart(Buffer& out, Clock& clock, const image::MapSpec& map, const SeriesPoint& point);

// Columns between the ends of a series' scale, on a terminal of so many.
size_t SeriesWidth(size_t columns);

// A line for each interval and a scale above and below, `width` columns between the scale's ends.
void AppendSeries(Buffer& out, Clock& clock, const image::MapSpec& map, const std::vector<SeriesPoint>& points,
                  size_t width);

}  // namespace sonde::output
