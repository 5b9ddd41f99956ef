#include "runtime/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace sonde::runtime {
namespace {

using image::Aggregation;
using ::testing::ElementsAre;

std::vector<std::byte> Bytes(const std::vector<int64_t>& words) {
  std::vector<std::byte> out(words.size() * 8);
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

std::vector<int64_t> Words(const std::vector<std::byte>& bytes) {
  std::vector<int64_t> out(bytes.size() / 8);
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

std::vector<int64_t> Merge(Aggregation aggregation, uint32_t size, const std::vector<int64_t>& words,
                           bool is_signed = true, uint32_t present = image::kNone) {
  const image::MapSpec spec{.value_size = size, .present_offset = present, .aggregation = aggregation};
  std::vector<std::byte> merged(spec.value_size);
  MergeCpus(spec, is_signed, Bytes(words), merged);
  return Words(merged);
}

TEST(Merge, AddsCountsSumsAndBuckets) {
  EXPECT_THAT(Merge(Aggregation::kCount, 8, {1, 2, 3}), ElementsAre(6));
  EXPECT_THAT(Merge(Aggregation::kSum, 8, {-5, 2}), ElementsAre(-3));
  EXPECT_THAT(Merge(Aggregation::kAvg, 16, {10, 2, -4, 1}), ElementsAre(6, 3));
  EXPECT_THAT(Merge(Aggregation::kStats, 16, {10, 2, 5, 1}), ElementsAre(15, 3));
  EXPECT_THAT(Merge(Aggregation::kHist, 24, {1, 0, 2, 0, 4, 8}), ElementsAre(1, 4, 10));
  EXPECT_THAT(Merge(Aggregation::kLhist, 16, {1, 2, 3, 4}), ElementsAre(4, 6));
}

TEST(Merge, TakesTheExtremeOfTheCpusThatHaveOne) {
  EXPECT_THAT(Merge(Aggregation::kMin, 16, {0, 0, 7, 1, 5, 1}), ElementsAre(5, 1));
  EXPECT_THAT(Merge(Aggregation::kMax, 16, {0, 0, -7, 1, -9, 1}), ElementsAre(-7, 1));
  EXPECT_THAT(Merge(Aggregation::kMax, 16, {-1, 1, 5, 1}, true), ElementsAre(5, 1));
  EXPECT_THAT(Merge(Aggregation::kMax, 16, {-1, 1, 5, 1}, false), ElementsAre(-1, 1)) << "as unsigned";
  EXPECT_THAT(Merge(Aggregation::kMin, 16, {-1, 1, 5, 1}, false), ElementsAre(5, 1));
  EXPECT_THAT(Merge(Aggregation::kMin, 16, {0, 0, 0, 0}), ElementsAre(0, 0));
}

TEST(Merge, KeepsTheMarkOfAnyCpu) {
  EXPECT_THAT(Merge(Aggregation::kSum, 16, {5, 1, -5, 1}, true, 8), ElementsAre(0, 1));
  EXPECT_THAT(Merge(Aggregation::kNone, 16, {0, 0, 9, 1}, true, 8), ElementsAre(9, 1));
}

TEST(Merge, KnowsWhatWasNeverAssigned) {
  const auto present = [](Aggregation aggregation, const std::vector<int64_t>& words, uint32_t offset = image::kNone) {
    const image::MapSpec spec{
        .value_size = static_cast<uint32_t>(words.size() * 8), .present_offset = offset, .aggregation = aggregation};
    return IsPresent(spec, Bytes(words));
  };
  EXPECT_FALSE(present(Aggregation::kCount, {0}));
  EXPECT_TRUE(present(Aggregation::kCount, {1}));
  EXPECT_TRUE(present(Aggregation::kSum, {0, 1}, 8));
  EXPECT_FALSE(present(Aggregation::kNone, {5, 0}, 8));
  EXPECT_TRUE(present(Aggregation::kMin, {0, 1}));
  EXPECT_FALSE(present(Aggregation::kAvg, {0, 0}));
  EXPECT_TRUE(present(Aggregation::kHist, {0, 0, 1}));
  EXPECT_FALSE(present(Aggregation::kLhist, {0, 0, 0}));
}

}  // namespace
}  // namespace sonde::runtime
