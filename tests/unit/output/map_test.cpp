#include <gtest/gtest.h>

#include "output/histogram.h"
#include "record_builder.h"

namespace sonde::output {
namespace {

using image::Aggregation;
using image::MapEvent;
using image::ValueKind;

enum TypeNumber : image::TypeIndex { kNoType, kInt64, kUint64, kText, kPair, kInt32 };

class MapTest : public testing::Test {
 protected:
  MapTest() {
    image_.types = {{},
                    {.kind = ValueKind::kInt, .size = 8, .is_signed = true},
                    {.kind = ValueKind::kInt, .size = 8},
                    {.kind = ValueKind::kString, .size = 8},
                    {.kind = ValueKind::kTuple, .size = 16, .fields = {{.type = kText}, {.type = kInt32, .offset = 8}}},
                    {.kind = ValueKind::kInt, .size = 4, .is_signed = true}};
    image_.maps.push_back({.name = "@m", .key_size = 8, .value_size = 8, .key_type = kText, .value_type = kInt64});
  }

  image::MapSpec& map() { return image_.maps[0]; }
  void Keyless() {
    map().is_keyless = true;
    map().key_type = kNoType;
  }
  static std::vector<std::byte> Text(std::string_view text) {
    std::vector<std::byte> bytes(8);
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
  }
  struct Row {
    std::vector<std::byte> key;
    std::vector<std::byte> value;
  };
  MapEvent Event(const std::vector<Row>& rows) {
    MapEvent event{.map = &map()};
    if (!rows.empty()) event.rows = image::MapRows(rows[0].key.size(), rows[0].value.size());
    for (const Row& row : rows) std::ranges::copy(row.value, event.rows.Add(row.key).begin());
    return event;
  }
  std::string Data(MapEvent event, std::string_view format = "text") {
    return Show(image_, {std::move(event)}, format).data;
  }

  image::Image image_;
};

TEST_F(MapTest, PrintsAScalarOnOneLine) {
  Keyless();
  EXPECT_EQ(Data(Event({{{}, ToBytes(int64_t{-5})}})), "@m: -5\n");
  EXPECT_EQ(Data(Event({{{}, ToBytes(int64_t{-5})}}), "json"), "{\"type\": \"map\", \"data\": {\"@m\": -5}}\n");
  map().value_type = kText;
  EXPECT_EQ(Data(Event({{{}, Text("abc")}})), "@m: abc\n");
}

TEST_F(MapTest, SortsByValueThenKey) {
  const MapEvent event = Event({{Text("c"), ToBytes(int64_t{2})},
                                {Text("b"), ToBytes(int64_t{7})},
                                {Text("a"), ToBytes(int64_t{2})},
                                {Text("d"), ToBytes(int64_t{-1})}});
  EXPECT_EQ(Data(event), "@m[d]: -1\n@m[a]: 2\n@m[c]: 2\n@m[b]: 7\n\n");
  EXPECT_EQ(Data(event, "json"),
            "{\"type\": \"map\", \"data\": {\"@m\": {\"d\": -1, \"a\": 2, \"c\": 2, \"b\": 7}}}\n");
  map().value_type = kUint64;
  EXPECT_EQ(Data(event), "@m[a]: 2\n@m[c]: 2\n@m[b]: 7\n@m[d]: 18446744073709551615\n\n");
}

TEST_F(MapTest, SortsTextsByKey) {
  map().value_type = kText;
  EXPECT_EQ(Data(Event({{Text("b"), Text("x")}, {Text("a"), Text("y")}})), "@m[a]: y\n@m[b]: x\n\n");
}

TEST_F(MapTest, KeepsTheTopAndDivides) {
  MapEvent event = Event(
      {{Text("a"), ToBytes(int64_t{1500})}, {Text("b"), ToBytes(int64_t{-9})}, {Text("c"), ToBytes(int64_t{2000})}});
  event.top = 2;
  event.div = 1000;
  EXPECT_EQ(Data(event), "@m[a]: 1\n@m[c]: 2\n\n");
  event.top = 9;
  EXPECT_EQ(Data(event), "@m[b]: 0\n@m[a]: 1\n@m[c]: 2\n\n");
}

TEST_F(MapTest, PrintsMultiKeys) {
  map().key_type = kPair;
  map().key_size = 16;
  const auto key = [](std::string_view text, int32_t number) {
    auto bytes = Text(text);
    const auto tail = ToBytes(number, 0);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    return bytes;
  };
  const MapEvent event = Event({{key("bash", 12), ToBytes(int64_t{3})}, {key("bash", -2), ToBytes(int64_t{3})}});
  EXPECT_EQ(Data(event), "@m[bash, -2]: 3\n@m[bash, 12]: 3\n\n");
  EXPECT_EQ(Data(event, "json"), "{\"type\": \"map\", \"data\": {\"@m\": {\"bash,-2\": 3, \"bash,12\": 3}}}\n");
}

TEST_F(MapTest, PrintsAggregations) {
  map().aggregation = Aggregation::kCount;
  EXPECT_EQ(Data(Event({{Text("a"), ToBytes(uint64_t{3})}})), "@m[a]: 3\n\n");
  map().aggregation = Aggregation::kMin;
  EXPECT_EQ(Data(Event({{Text("a"), ToBytes(int64_t{-3}, uint64_t{1})}})), "@m[a]: -3\n\n");
  const MapEvent gathered = Event({{Text("a"), ToBytes(int64_t{-15}, uint64_t{3})},
                                   {Text("b"), ToBytes(int64_t{-60}, uint64_t{2})},
                                   {Text("c"), ToBytes(int64_t{0}, uint64_t{0})}});
  map().aggregation = Aggregation::kAvg;
  EXPECT_EQ(Data(gathered), "@m[b]: -30\n@m[a]: -5\n@m[c]: 0\n\n");
  EXPECT_EQ(Data(gathered, "json"), "{\"type\": \"stats\", \"data\": {\"@m\": {\"b\": -30, \"a\": -5, \"c\": 0}}}\n");
  map().aggregation = Aggregation::kStats;
  EXPECT_EQ(Data(gathered),
            "@m[b]: count 2, average -30, total -60\n@m[a]: count 3, average -5, total -15\n"
            "@m[c]: count 0, average 0, total 0\n\n");
  Keyless();
  EXPECT_EQ(Data(Event({{{}, ToBytes(int64_t{12}, uint64_t{2})}})), "@m: count 2, average 6, total 12\n");
  EXPECT_EQ(Data(Event({{{}, ToBytes(int64_t{12}, uint64_t{2})}}), "json"),
            "{\"type\": \"stats\", \"data\": {\"@m\": {\"count\": 2, \"average\": 6, \"total\": 12}}}\n");
}

TEST_F(MapTest, PrintsEmptyMaps) {
  EXPECT_EQ(Data(Event({})), "\n");
  EXPECT_EQ(Data(Event({}), "json"), "{\"type\": \"map\", \"data\": {\"@m\": {}}}\n");
  Keyless();
  EXPECT_EQ(Data(Event({})), "\n");
  map().aggregation = Aggregation::kCount;
  EXPECT_EQ(Data(Event({})), "@m: 0\n");
  MapEvent at_exit = Event({});
  at_exit.at_exit = true;
  EXPECT_EQ(Data(at_exit), "");
}

TEST_F(MapTest, SetsMapsApartAtExit) {
  Keyless();
  MapEvent event = Event({{{}, ToBytes(int64_t{1})}});
  event.at_exit = true;
  EXPECT_EQ(Show(image_, {event, event}).data, "\n@m: 1\n@m: 1\n");
}

TEST_F(MapTest, LeavesOutRowsThatAreTooShort) {
  EXPECT_EQ(Data(Event({{ToBytes(1), ToBytes(int64_t{1})}, {Text("a"), ToBytes(1)}})), "\n");
}

std::vector<std::byte> Buckets(size_t count, std::initializer_list<std::pair<size_t, uint64_t>> counts) {
  std::vector<uint64_t> buckets(count);
  for (const auto& [index, n] : counts) buckets[index] = n;
  std::vector<std::byte> bytes(count * 8);
  std::memcpy(bytes.data(), buckets.data(), bytes.size());
  return bytes;
}

TEST_F(MapTest, PrintsHistograms) {
  Keyless();
  map().aggregation = Aggregation::kHist;
  const MapEvent event = Event({{{}, Buckets(66, {{0, 1}, {1, 138}, {2, 12}, {3, 5}, {12, 1}})}});
  EXPECT_EQ(Data(event),
            "@m:\n"
            "(..., 0)               1 |                                                    |\n"
            "[0]                  138 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
            "[1]                   12 |@@@@                                                |\n"
            "[2, 4)                 5 |@                                                   |\n"
            "[4, 8)                 0 |                                                    |\n"
            "[8, 16)                0 |                                                    |\n"
            "[16, 32)               0 |                                                    |\n"
            "[32, 64)               0 |                                                    |\n"
            "[64, 128)              0 |                                                    |\n"
            "[128, 256)             0 |                                                    |\n"
            "[256, 512)             0 |                                                    |\n"
            "[512, 1K)              0 |                                                    |\n"
            "[1K, 2K)               1 |                                                    |\n"
            "\n");
  const MapEvent small = Event({{{}, Buckets(66, {{0, 1}, {1, 2}, {2, 1}, {3, 1}})}});
  EXPECT_EQ(
      Data(small, "json"),
      "{\"type\": \"hist\", \"data\": {\"@m\": [{\"max\": -1, \"count\": 1}, {\"min\": 0, \"max\": 0, \"count\": 2}, "
      "{\"min\": 1, \"max\": 1, \"count\": 1}, {\"min\": 2, \"max\": 3, \"count\": 1}]}}\n");
  EXPECT_EQ(Data(Event({{{}, Buckets(66, {{65, 1}})}}), "json"),
            "{\"type\": \"hist\", \"data\": {\"@m\": [{\"min\": 9223372036854775808, \"max\": 18446744073709551615, "
            "\"count\": 1}]}}\n");
  EXPECT_EQ(Data(Event({{{}, Buckets(66, {{65, 1}})}})),
            "@m:\n[8E, 16E)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n");
  EXPECT_EQ(Data(Event({{{}, Buckets(66, {})}})), "@m:\n\n");
}

TEST_F(MapTest, SortsKeyedHistogramsByTotal) {
  map().aggregation = Aggregation::kHist;
  const MapEvent event = Event({{Text("a"), Buckets(66, {{1, 9}})}, {Text("b"), Buckets(66, {{1, 2}, {2, 1}})}});
  EXPECT_EQ(Data(event),
            "@m[b]:\n"
            "[0]                    2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
            "[1]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
            "\n"
            "@m[a]:\n"
            "[0]                    9 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
            "\n");
}

TEST_F(MapTest, PrintsLinearHistograms) {
  Keyless();
  map().aggregation = Aggregation::kLhist;
  map().lhist_min = 0;
  map().lhist_max = 2048;
  map().lhist_step = 1024;
  const MapEvent event = Event({{{}, Buckets(4, {{0, 1}, {1, 1}, {2, 1}, {3, 1}})}});
  const std::string bar(52, '@');
  EXPECT_EQ(Data(event), "@m:\n(..., 0)               1 |" + bar + "|\n[0, 1K)                1 |" + bar +
                             "|\n[1K, 2K)               1 |" + bar + "|\n[2K, ...)              1 |" + bar + "|\n\n");
  EXPECT_EQ(Data(event, "json"),
            "{\"type\": \"hist\", \"data\": {\"@m\": [{\"max\": -1, \"count\": 1}, {\"min\": 0, \"max\": 1023, "
            "\"count\": 1}, "
            "{\"min\": 1024, \"max\": 2047, \"count\": 1}, {\"min\": 2048, \"count\": 1}]}}\n");
}

// The bucket that the layout's definition picks for a number must say that it holds the number.
TEST(Histogram, CoversEveryNumberOnce) {
  for (uint32_t bits = 0; bits <= 5; ++bits) {
    const image::MapSpec map{.aggregation = Aggregation::kHist, .hist_bits = bits};
    const uint32_t count = image::HistBucketCount(bits);
    std::vector<uint64_t> all(count, 1);
    const auto buckets = ShownBuckets(map, std::as_bytes(std::span(all)), 0);
    ASSERT_EQ(buckets.size(), count);
    for (size_t i = 1; i < count; ++i) ASSERT_EQ(*buckets[i].low, *buckets[i - 1].high);
    EXPECT_EQ(*buckets.back().high, __int128{1} << 64);
    for (const uint64_t n : {uint64_t{1} << bits, uint64_t{37}, uint64_t{1000}, uint64_t{1} << 40, UINT64_MAX}) {
      const auto m = static_cast<uint32_t>(63 - __builtin_clzll(n));
      if (m < bits) continue;
      const uint64_t index = 1 + (1U << bits) + (uint64_t{m - bits} << bits) + ((n >> (m - bits)) & ((1U << bits) - 1));
      EXPECT_LE(*buckets[index].low, n);
      EXPECT_GT(*buckets[index].high, n);
    }
  }
  EXPECT_EQ(Label({.low = 1280, .high = 1536}), "[1280, 1536)");
}

}  // namespace
}  // namespace sonde::output
