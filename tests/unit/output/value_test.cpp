#include <gtest/gtest.h>

#include "record_builder.h"

namespace sonde::output {
namespace {

using image::EventKind;
using image::ValueKind;

// (int32 1, "abc", (int32 2, uint8 3)) as one slot of an event.
OneEvent Nested(ValueKind outer, const char* first, const char* second, const char* third) {
  OneEvent event(EventKind::kPrintValue);
  const auto int32 = event.Type({.kind = ValueKind::kInt, .size = 4, .is_signed = true});
  const auto uint8 = event.Type({.kind = ValueKind::kInt, .size = 1});
  const auto text = event.Type({.kind = ValueKind::kString, .size = 4});
  const auto inner =
      event.Type({.kind = ValueKind::kTuple, .size = 8, .fields = {{.type = int32}, {.type = uint8, .offset = 4}}});
  const auto type = event.Type({.kind = outer,
                                .size = 16,
                                .fields = {{.name = first, .type = int32},
                                           {.name = second, .type = text, .offset = 4},
                                           {.name = third, .type = inner, .offset = 8}}});
  event.TypedSlot(type, ToBytes(-1, std::array{'a', 'b', 'c', '\0'}, 2, uint8_t{3}, std::array<char, 3>{}));
  return event;
}

TEST(Print, ShowsTuplesRecordsAndStructs) {
  const OneEvent tuple = Nested(ValueKind::kTuple, "", "", "");
  EXPECT_EQ(Show(tuple).data, "(-1, abc, (2, 3))\n");
  EXPECT_EQ(Show(tuple, "json").data, "{\"type\": \"value\", \"data\": [-1,\"abc\",[2,3]]}\n");
  const OneEvent record = Nested(ValueKind::kRecord, "x", "y", "z");
  EXPECT_EQ(Show(record).data, "{ .x = -1, .y = abc, .z = (2, 3) }\n");
  EXPECT_EQ(Show(record, "json").data, "{\"type\": \"value\", \"data\": {\"x\": -1, \"y\": \"abc\", \"z\": [2,3]}}\n");
}

TEST(Print, ShowsSmallAndEmptyTuples) {
  OneEvent one(EventKind::kPrintValue);
  const auto int32 = one.Type({.kind = ValueKind::kInt, .size = 4});
  one.TypedSlot(one.Type({.kind = ValueKind::kTuple, .size = 4, .fields = {{.type = int32}}}), ToBytes(1));
  EXPECT_EQ(Show(one).data, "(1,)\n");
  OneEvent none(EventKind::kPrintValue);
  none.TypedSlot(none.Type({.kind = ValueKind::kTuple}), {});
  EXPECT_EQ(Show(none).data, "()\n");
}

TEST(Print, ShowsArraysAndScalars) {
  OneEvent array(EventKind::kPrintValue);
  const auto int16 = array.Type({.kind = ValueKind::kInt, .size = 2, .is_signed = true});
  const auto row = array.Type({.kind = ValueKind::kArray, .size = 4, .element = int16, .count = 2});
  array.TypedSlot(array.Type({.kind = ValueKind::kArray, .size = 8, .element = row, .count = 2}),
                  ToBytes(int16_t{1}, int16_t{-2}, int16_t{3}, int16_t{4}));
  EXPECT_EQ(Show(array).data, "[[1,-2],[3,4]]\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kPrintValue).Int(UINT64_MAX)).data, "18446744073709551615\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kPrintValue).Int(int8_t{-5})).data, "-5\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kPrintValue).Slot({.kind = ValueKind::kBool}, ToBytes(false))).data, "false\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kPrintValue).Slot({.kind = ValueKind::kPointer}, ToBytes(uint64_t{0xabc}))).data,
            "0xabc\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kPrintValue).Text("a\nb", ValueKind::kTailBuffer)).data, "a\\x0ab\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kJoin).Text("ls -l")).data, "ls -l\n");
  EXPECT_EQ(Show(OneEvent(EventKind::kJoin).Text("ls -l"), "json").data, "{\"type\": \"join\", \"data\": \"ls -l\"}\n");
}

TEST(Print, ReadsBitfields) {
  OneEvent event(EventKind::kPrintValue);
  const auto uint32 = event.Type({.kind = ValueKind::kInt, .size = 4});
  const auto int32 = event.Type({.kind = ValueKind::kInt, .size = 4, .is_signed = true});
  const auto uint64 = event.Type({.kind = ValueKind::kInt, .size = 8});
  const auto type =
      event.Type({.kind = ValueKind::kStruct,
                  .size = 16,
                  .fields = {{.name = "a", .type = uint32, .bit_offset = 0, .bit_width = 3},
                             {.name = "b", .type = int32, .bit_offset = 3, .bit_width = 5},
                             {.name = "c", .type = uint32, .offset = 1, .bit_offset = 4, .bit_width = 12},
                             {.name = "d", .type = uint64, .offset = 7, .bit_offset = 4, .bit_width = 64}}});
  event.TypedSlot(type, ToBytes(uint8_t{0b11110101}, uint8_t{0xcd}, uint8_t{0xab}, std::array<uint8_t, 4>{},
                                uint8_t{0xf0}, UINT64_MAX));
  EXPECT_EQ(Show(event).data, "{ .a = 5, .b = -2, .c = 2748, .d = 18446744073709551615 }\n");
}

TEST(Time, UsesTheWallClock) {
  setenv("TZ", "UTC", 1);
  tzset();
  OneEvent event(EventKind::kTime);
  event.Slot({.kind = ValueKind::kTimestamp}, ToBytes(uint64_t{5'000'000'000}));
  EXPECT_EQ(Show(event).data, "22:13:25\n");
  event.spec().text = "%Y-%m-%d ";
  EXPECT_EQ(Show(event).data, "2023-11-14 ");
  EXPECT_EQ(Show(event, "json").data, "{\"type\": \"time\", \"data\": \"2023-11-14 \"}\n");
}

// Each record is cut at every length and has its TailRef point anywhere; the sanitizers watch.
TEST(Records, AreNeverReadOutsideOf) {
  OneEvent event;
  event.Text("abc").Inline("de", 4).Int(5).Format("%s %s %d\n");
  const auto record = event.Record();
  for (size_t length = 0; length < record.size(); ++length) {
    const auto cut = std::make_unique<std::byte[]>(length);
    std::memcpy(cut.get(), record.data(), length);
    const Outputs outputs = Show(event.image, {image::RecordEvent{&event.image.events[0], {cut.get(), length}}});
    EXPECT_EQ(outputs.data, "");
    EXPECT_NE(outputs.errors.find("sonde: internal error: "), std::string::npos);
  }
  for (const image::TailRef ref :
       {image::TailRef{0, UINT32_MAX}, {UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}, {24, 20}}) {
    auto damaged = record;
    std::memcpy(damaged.data() + 8, &ref, sizeof ref);
    for (const auto* format : {"text", "json"}) {
      EXPECT_EQ(Show(event.image, {image::RecordEvent{&event.image.events[0], damaged}}, format).data, "");
    }
  }
  auto unknown = record;
  unknown[0] = std::byte{1};
  const image::Event bad = image::RecordEvent{&event.image.events[0], unknown};
  const image::Event good = image::RecordEvent{&event.image.events[0], record};
  const Outputs outputs = Show(event.image, {bad, bad, good});
  EXPECT_EQ(outputs.data, "abc de 5\n");
  EXPECT_EQ(outputs.errors, "sonde: internal error: a record is of no known event; please report this\n");
}

TEST(Json, EscapesStrings) {
  OneEvent event;
  event.Text("a\"\\\n\t\r\x01\x7f\xc3\xa9\xff\xc3").Format("%s");
  EXPECT_EQ(Show(event, "json").data,
            "{\"type\": \"printf\", \"data\": \"a\\\"\\\\\\n\\t\\r\\u0001\\u007f\xc3\xa9\\ufffd\\ufffd\"}\n");
}

}  // namespace
}  // namespace sonde::output
