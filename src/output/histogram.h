// Histograms: what a bucket covers, and which buckets of a map's value are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/image.h"
#include "output/buffer.h"
#include "output/value.h"

namespace sonde::output {

// Where there is no terminal.
inline constexpr size_t kDefaultColumns = 80;

// Numbers from `low` to below `high`; an end that is missing is open. 128 bits, since the last bucket ends at 2^64.
struct Bucket {
  std::optional<__int128> low;
  std::optional<__int128> high;
  uint64_t count = 0;
  bool is_single = false;  // holds one number by its nature, and is labelled so
};

// From the first to the last bucket that is not empty; none when all are. Counts are divided by `div`, 0 for not.
std::vector<Bucket> ShownBuckets(const image::MapSpec& map, Bytes value, uint64_t div);
uint64_t TotalCount(Bytes value);

// "[1K, 2K)", "[5]", "(..., 0)".
std::string Label(const Bucket& bucket);
// Labels, counts and bars, a line for each.
// On a terminal of so many columns.
void AppendBars(Buffer& out, const std::vector<Bucket>& buckets, size_t columns = kDefaultColumns);

}  // namespace sonde::output
