// A map's rows in the order in which they are shown, and the numbers that aggregations come to.
#pragma once

#include <cstdint>
#include <vector>

#include "image/event.h"
#include "output/value.h"

namespace sonde::output {

// Rising by value (counts and other integers) or by total (histograms), by key where values tie or are no numbers; the
// last `top` of them when `top` is not 0. Rows whose bytes are too few for the map's types are left out.
std::vector<image::MapRows::Row> OrderedRows(const Values& values, const image::MapEvent& event);

// A number as a map's value shows it.
struct MapNumber {
  int64_t value = 0;
  bool is_signed = false;

  MapNumber DividedBy(uint64_t div) const;  // 0: not
};

// What avg and stats have gathered.
struct MapStats {
  uint64_t count = 0;
  MapNumber average;
  MapNumber total;
};
MapStats ReadStats(const Values& values, const image::MapSpec& map, Bytes value);

// True when the map's values are one number each: integers, count, sum, min, max, and avg.
bool HasNumber(const Values& values, const image::MapSpec& map);
MapNumber ReadNumber(const Values& values, const image::MapSpec& map, Bytes value);

bool IsHistogram(const image::MapSpec& map);

// Less than, equal to or greater than 0 as `a` is shown before, with or after `b`.
int Compare(const Values& values, const image::ValueType& type, Bytes a, Bytes b);

}  // namespace sonde::output
