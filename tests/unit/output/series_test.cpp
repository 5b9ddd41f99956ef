#include "output/series.h"

#include <gtest/gtest.h>

#include "record_builder.h"

namespace sonde::output {
namespace {

using image::SeriesMerge;
using image::SeriesSlot;

class SeriesTest : public testing::Test {
 protected:
  SeriesTest() {
    image_.types = {{}, {.kind = image::ValueKind::kInt, .size = 8, .is_signed = true}};
    image_.maps.push_back({.name = "@t",
                           .value_size = 4 * sizeof(SeriesSlot),
                           .is_keyless = true,
                           .value_type = 1,
                           .aggregation = image::Aggregation::kTseries,
                           .series_interval = kSecond,
                           .series_count = 4});
  }

  std::string Text(const std::vector<SeriesSlot>& slots, uint64_t div = 0) {
    Values values(image_, false, [] { return int64_t{0}; });
    std::vector<std::byte> bytes(slots.size() * sizeof(SeriesSlot));
    std::memcpy(bytes.data(), slots.data(), bytes.size());
    const image::MapSpec& map = image_.maps[0];
    Buffer out;
    for (const SeriesPoint& point : SeriesPoints(values, map, bytes, div)) {
      out.Append(std::to_string(point.start_ns / kSecond) + ":");
      out.Append(point.number ? std::to_string(point.number->value) : "-");
      out.Append(' ');
    }
    return std::string(out.view());
  }

  static constexpr uint64_t kSecond = 1'000'000'000;
  image::Image image_;
};

TEST_F(SeriesTest, StandsInOrderOfTime) {
  EXPECT_EQ(Text({{9, 3, 1}, {6, -1, 1}, {7, 2, 1}, {8, 0, 1}}), "5:-1 6:2 7:0 8:3 ");
}

TEST_F(SeriesTest, ShowsIntervalsWithoutNumbers) {
  EXPECT_EQ(Text({{9, 3, 1}, {0, 0, 0}, {7, 2, 1}, {0, 0, 0}}), "6:2 7:- 8:3 ");
}

TEST_F(SeriesTest, LeavesOutEarlierRounds) {
  EXPECT_EQ(Text({{9, 3, 1}, {2, 5, 1}, {0, 0, 0}, {8, 1, 1}}), "7:1 8:3 ");
}

TEST_F(SeriesTest, DividesAveragesByTheirCounts) {
  image_.maps[0].series_merge = SeriesMerge::kAvg;
  EXPECT_EQ(Text({{9, -30, 4}, {0, 0, 0}, {0, 0, 0}, {8, 9, 2}}), "7:4 8:-7 ");
}

TEST_F(SeriesTest, DividesByDiv) { EXPECT_EQ(Text({{9, 3000, 1}}, 1000), "8:3 "); }

TEST_F(SeriesTest, IsEmptyWithoutNumbers) { EXPECT_EQ(Text({{0, 0, 0}, {0, 0, 0}}), ""); }

}  // namespace
}  // namespace sonde::output
