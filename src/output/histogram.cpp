#include "output/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sonde::output {

using image::Aggregation;
using image::MapSpec;

namespace {

constexpr size_t kBesideBars = 28;  // labels, counts and what frames the bars
constexpr size_t kSmallestBar = 10;
constexpr size_t kLabelWidth = 16;

uint64_t CountAt(Bytes value, size_t index) {
  uint64_t count = 0;
  std::memcpy(&count, value.data() + index * sizeof count, sizeof count);
  return count;
}

// The layout is stated at HistBucketCount.
Bucket LogBucket(uint32_t bits, uint32_t index) {
  if (index == 0) return {.low = std::nullopt, .high = 0};
  const uint32_t linear = 1U << bits;  // buckets for each power of two
  const uint32_t n = index - 1;
  if (n < linear) return {.low = n, .high = n + 1, .is_single = true};
  const uint32_t shift = (n - linear) >> bits;
  const __int128 mantissa = linear + ((n - linear) & (linear - 1));
  return {.low = mantissa << shift, .high = (mantissa + 1) << shift, .is_single = shift == 0};
}

Bucket LinearBucket(const MapSpec& map, uint32_t index, uint32_t count) {
  if (index == 0) return {.low = std::nullopt, .high = map.lhist_min};
  if (index + 1 == count) return {.low = map.lhist_max, .high = std::nullopt};
  const __int128 low = map.lhist_min + __int128{index - 1} * map.lhist_step;
  return {.low = low, .high = std::min<__int128>(low + map.lhist_step, map.lhist_max)};
}

// 2048 as 2K: the largest power of 1024 that leaves a whole number.
std::string Bound(__int128 bound) {
  constexpr std::string_view kSuffixes = " KMGTPE";
  size_t power = 0;
  while (bound != 0 && bound % 1024 == 0 && power + 1 < kSuffixes.size()) {
    bound /= 1024;
    ++power;
  }
  std::string text = fmt::format("{}", static_cast<int64_t>(bound));
  if (power > 0) text += kSuffixes[power];
  return text;
}

}  // namespace

std::vector<Bucket> ShownBuckets(const MapSpec& map, Bytes value, uint64_t div) {
  const bool is_log = map.aggregation == Aggregation::kHist;
  const uint32_t count = is_log ? image::HistBucketCount(map.hist_bits)
                                : image::LhistBucketCount(map.lhist_min, map.lhist_max, map.lhist_step);
  const uint32_t present = static_cast<uint32_t>(std::min<size_t>(count, value.size() / sizeof(uint64_t)));
  uint32_t first = 0;
  while (first < present && CountAt(value, first) == 0) ++first;
  uint32_t last = present;
  while (last > first && CountAt(value, last - 1) == 0) --last;
  std::vector<Bucket> buckets;
  for (uint32_t index = first; index < last; ++index) {
    buckets.push_back(is_log ? LogBucket(map.hist_bits, index) : LinearBucket(map, index, count));
    buckets.back().count = CountAt(value, index) / std::max<uint64_t>(div, 1);
  }
  return buckets;
}

uint64_t TotalCount(Bytes value) {
  uint64_t total = 0;
  for (size_t index = 0; index < value.size() / sizeof(uint64_t); ++index) total += CountAt(value, index);
  return total;
}

std::string Label(const Bucket& bucket) {
  if (!bucket.low) return fmt::format("(..., {})", Bound(bucket.high.value_or(0)));
  if (!bucket.high) return fmt::format("[{}, ...)", Bound(*bucket.low));
  if (bucket.is_single) return fmt::format("[{}]", Bound(*bucket.low));
  return fmt::format("[{}, {})", Bound(*bucket.low), Bound(*bucket.high));
}

void AppendBars(Buffer& out, const std::vector<Bucket>& buckets, size_t columns) {
  const size_t width = columns < kBesideBars + kSmallestBar ? kSmallestBar : columns - kBesideBars;
  uint64_t highest = 1;
  for (const Bucket& bucket : buckets) highest = std::max(highest, bucket.count);
  for (const Bucket& bucket : buckets) {
    const auto length = static_cast<size_t>(static_cast<unsigned __int128>(bucket.count) * width / highest);
    std::string label = Label(bucket);
    if (label.size() >= kLabelWidth) label += ' ';  // the count may fill its columns
    fmt::format_to(std::back_inserter(out), "{:<{}}{:>8} |{:@<{}}{:{}}|\n", label, kLabelWidth, bucket.count, "",
                   length, "", width - length);
  }
}

}  // namespace sonde::output
