#include "runtime/merge.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sonde::runtime {
namespace {

using image::Aggregation;

uint64_t Word(std::span<const std::byte> value, size_t offset) {
  uint64_t word = 0;
  if (offset < value.size()) std::memcpy(&word, value.data() + offset, std::min(sizeof(word), value.size() - offset));
  return word;
}

void SetWord(std::span<std::byte> value, size_t offset, uint64_t word) {
  if (offset < value.size()) std::memcpy(value.data() + offset, &word, std::min(sizeof(word), value.size() - offset));
}

bool IsZero(std::span<const std::byte> value) {
  return std::ranges::all_of(value, [](std::byte byte) { return byte == std::byte{0}; });
}

void AddWords(std::span<std::byte> into, std::span<const std::byte> value, size_t words) {
  for (size_t i = 0; i < words; ++i) SetWord(into, i * 8, Word(into, i * 8) + Word(value, i * 8));
}

// Value, then is_set.
void TakeExtreme(std::span<std::byte> into, std::span<const std::byte> value, bool want_greater, bool is_signed) {
  if (Word(value, 8) == 0) return;
  const uint64_t have = Word(into, 0);
  const uint64_t other = Word(value, 0);
  const bool other_is_greater = is_signed ? static_cast<int64_t>(other) > static_cast<int64_t>(have) : other > have;
  if (Word(into, 8) == 0 || (other != have && other_is_greater == want_greater)) SetWord(into, 0, other);
  SetWord(into, 8, 1);
}

// Slot by slot: of two rounds of the ring the later one, of the same interval what all CPUs saw together.
void MergeSeries(const image::MapSpec& spec, bool is_signed, std::span<std::byte> into,
                 std::span<const std::byte> value) {
  using image::SeriesMerge;
  using image::SeriesSlot;
  for (size_t at = 0; at + sizeof(SeriesSlot) <= spec.series_count * sizeof(SeriesSlot); at += sizeof(SeriesSlot)) {
    SeriesSlot have;
    SeriesSlot other;
    if (at + sizeof(SeriesSlot) > into.size() || at + sizeof(SeriesSlot) > value.size()) return;
    std::memcpy(&have, into.data() + at, sizeof have);
    std::memcpy(&other, value.data() + at, sizeof other);
    if (other.interval < have.interval) continue;
    const bool is_same = other.interval == have.interval && have.interval != 0;
    const bool is_greater =
        is_signed ? other.value > have.value : static_cast<uint64_t>(other.value) > static_cast<uint64_t>(have.value);
    bool takes = !is_same;
    if (is_same && spec.series_merge == SeriesMerge::kLast) takes = other.extra > have.extra;
    if (is_same && spec.series_merge == SeriesMerge::kMax) takes = is_greater;
    if (is_same && spec.series_merge == SeriesMerge::kMin) takes = !is_greater;
    if (is_same && (spec.series_merge == SeriesMerge::kAvg || spec.series_merge == SeriesMerge::kSum)) {
      have.value = static_cast<int64_t>(static_cast<uint64_t>(have.value) + static_cast<uint64_t>(other.value));
      have.extra += other.extra;
    }
    if (takes) have = other;
    std::memcpy(into.data() + at, &have, sizeof have);
  }
}

void MergeOne(const image::MapSpec& spec, bool is_signed, std::span<std::byte> into, std::span<const std::byte> value) {
  switch (spec.aggregation) {
    case Aggregation::kNone:
      if (IsZero(into)) std::ranges::copy(value, into.begin());
      return;
    case Aggregation::kCount:
    case Aggregation::kSum:
      AddWords(into, value, 1);
      return;
    case Aggregation::kAvg:
    case Aggregation::kStats:
      AddWords(into, value, 2);
      return;
    case Aggregation::kMin:
    case Aggregation::kMax:
      TakeExtreme(into, value, spec.aggregation == Aggregation::kMax, is_signed);
      return;
    case Aggregation::kTseries:
      return MergeSeries(spec, is_signed, into, value);
    case Aggregation::kHist:
    case Aggregation::kLhist:
      AddWords(into, value, into.size() / 8);
      return;
  }
}

}  // namespace

void MergeCpus(const image::MapSpec& spec, bool is_signed, std::span<const std::byte> values,
               std::span<std::byte> merged) {
  const bool has_mark = spec.present_offset != image::kNone;
  uint64_t present = 0;
  for (size_t at = 0; at + spec.value_size <= values.size(); at += spec.value_size) {
    const auto value = values.subspan(at, spec.value_size);
    if (has_mark) present |= Word(value, spec.present_offset);
    MergeOne(spec, is_signed, merged, value);
  }
  if (has_mark) SetWord(merged, spec.present_offset, present);
}

bool IsPresent(const image::MapSpec& spec, std::span<const std::byte> value) {
  if (spec.present_offset != image::kNone) return Word(value, spec.present_offset) != 0;
  switch (spec.aggregation) {
    case Aggregation::kCount:
    case Aggregation::kSum:
      return Word(value, 0) != 0;
    case Aggregation::kAvg:
    case Aggregation::kStats:
    case Aggregation::kMin:
    case Aggregation::kMax:
      return Word(value, 8) != 0;
    case Aggregation::kNone:
    case Aggregation::kHist:
    case Aggregation::kLhist:
    case Aggregation::kTseries:
      return !IsZero(value);
  }
  return false;
}

}  // namespace sonde::runtime
