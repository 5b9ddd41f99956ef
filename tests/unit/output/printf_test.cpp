#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>

#include "record_builder.h"

namespace sonde::output {
namespace {

using image::ValueKind;

std::string Printf(std::string_view format, auto... integers) {
  OneEvent event;
  (event.Int(integers), ...);
  return Show(event.Format(format)).data;
}

TEST(Printf, PrintsTheLineOfEveryTutorial) {
  OneEvent event;
  event.Int(uint32_t{1234}).Inline("bash", 16).Int(uint32_t{3}).Format("%d %s %d\n");
  EXPECT_EQ(Show(event).data, "1234 bash 3\n");
}

TEST(Printf, PrintsIntegersAtTheirOwnWidth) {
  EXPECT_EQ(Printf("%d %d", int64_t{-5'000'000'000}, uint64_t{1} << 40), "-5000000000 1099511627776");
  EXPECT_EQ(Printf("%d %u %x", int32_t{-1}, int32_t{-1}, int32_t{-1}), "-1 4294967295 ffffffff");
  EXPECT_EQ(Printf("%d %u %x", int64_t{-1}, int64_t{-1}, int64_t{-1}), "-1 18446744073709551615 ffffffffffffffff");
  EXPECT_EQ(Printf("%d %d %d", int8_t{-1}, uint8_t{255}, int16_t{-300}), "-1 255 -300");
  EXPECT_EQ(Printf("%d %u", UINT64_MAX, UINT64_MAX), "-1 18446744073709551615");
  EXPECT_EQ(Printf("%d %d", INT64_MIN, INT64_MAX), "-9223372036854775808 9223372036854775807");
  EXPECT_EQ(Printf("%5d|%x", INT64_MIN, INT64_MIN), "-9223372036854775808|8000000000000000");
}

TEST(Printf, ObeysLengthModifiers) {
  EXPECT_EQ(Printf("%hhd %hd %hhu %hu %hhx", 300, 70000, -1, -1, -1), "44 4464 255 65535 ff");
  EXPECT_EQ(
      Printf("%ld %lld %lu %zu %jd %llx", int64_t{-3}, int64_t{-4}, uint64_t{5}, uint64_t{6}, int64_t{-7}, int64_t{-1}),
      "-3 -4 5 6 -7 ffffffffffffffff");
}

// The format file states an `int` argument of a system call as eight unsigned bytes.
TEST(Printf, PrintsAnIntInEightBytesAsC) {
  OneEvent event;
  const auto type = event.Type({.kind = ValueKind::kInt, .size = 8, .format = "int"});
  for (int i = 0; i < 5; ++i) event.TypedSlot(type, ToBytes(uint64_t{4294967196}));
  event.Format("%d %i %5d %ld %x");
  EXPECT_EQ(Show(event).data, "-100 -100  -100 4294967196 ffffff9c");
}

// libc is the measure of flags, width and precision.
TEST(Printf, AgreesWithLibc) {
  const std::string flag_sets[] = {"", "-", "+", " ", "#", "0", "-0", "+ ", "#0", "+0", "-#", " 0", "-+", "#-0"};
  const int widths[] = {-1, 1, 8, 30};
  const int precisions[] = {-1, 0, 1, 5, 25};
  const int64_t numbers[] = {0, 1, -1, 8, 255, 123456789, INT64_MIN, INT64_MAX};
  int count = 0;
  for (const char conversion : std::string_view("diuxXo")) {
    for (const std::string& flags : flag_sets) {
      for (const int width : widths) {
        for (const int precision : precisions) {
          for (const int64_t number : numbers) {
            std::string format = "%" + flags + (width < 0 ? "" : std::to_string(width)) +
                                 (precision < 0 ? "" : "." + std::to_string(precision)) + "ll";
            format += conversion;
            char expected[128];
            std::snprintf(expected, sizeof expected, format.c_str(), static_cast<long long>(number));
            ASSERT_EQ(Printf(format, number), expected) << format << " of " << number;
            ++count;
          }
        }
      }
    }
  }
  EXPECT_EQ(count, 13440);
}

TEST(Printf, TakesWidthAndPrecisionFromSlots) {
  EXPECT_EQ(Printf("%*d|%*d|%-*d|", 5, 1, -5, 2, 4, 3), "    1|2    |3   |");
  EXPECT_EQ(Printf("%.*d|%.*d|%0*d|", 3, 1, -1, 2, 5, -3), "001|2|-0003|");
  OneEvent event;
  event.Int(6).Int(2).Text("abcdef").Format("%*.*s|");
  EXPECT_EQ(Show(event).data, "    ab|");
  EXPECT_EQ(Printf("%*d", INT32_MAX, 1).size(), 65536u);
  EXPECT_EQ(Printf("%*d", INT32_MIN, 1).size(), 65536u);
}

TEST(Printf, PadsAndCutsStrings) {
  OneEvent event;
  event.Text("abc").Inline("de", 4).Inline("full", 4).Text("").Text("abcdef").Format("[%5s][%-5s][%s][%3s][%.2s]");
  EXPECT_EQ(Show(event).data, "[  abc][de   ][full][   ][ab]");
}

TEST(Printf, PrintsCharactersAndPointers) {
  EXPECT_EQ(Printf("%c%c|%3c|%-3c|", 'a', uint64_t{'b'}, 'c', 'd'), "ab|  c|d  |");
  EXPECT_EQ(Printf("%p %p %10p", uint64_t{0}, uint64_t{0xffff}, uint64_t{255}), "0x0 0xffff       0xff");
}

TEST(Printf, PrintsBuffers) {
  const std::string_view bytes("a\x01\xff \\\"\n\0", 8);
  OneEvent event;
  event.Text(bytes, ValueKind::kTailBuffer).Text("abc\n", ValueKind::kTailBuffer).Text("abc\n", ValueKind::kTailBuffer);
  event.Slot({.kind = ValueKind::kBuffer}, ToBytes(uint32_t{2}, std::array{'h', 'i', '?', '?'}));
  event.Format("%r|%rx|%rh|%5r|");
  EXPECT_EQ(Show(event).data, R"(a\x01\xff \"\x0a\x00|\x61\x62\x63\x0a|61 62 63 0a|   hi|)");
}

TEST(Printf, ShowsOtherTypesByTheirNames) {
  OneEvent event;
  event.image.probe_names = {"begin", "tracepoint:a:b"};
  const auto color = event.Type({.kind = ValueKind::kEnum, .size = 4, .enumerators = {{1, "kRed"}, {2, "kBlue"}}});
  event.TypedSlot(color, ToBytes(2)).TypedSlot(color, ToBytes(2)).TypedSlot(color, ToBytes(7));
  event.Slot({.kind = ValueKind::kBool}, ToBytes(true)).Slot({.kind = ValueKind::kProbe}, ToBytes(1));
  event.Slot({.kind = ValueKind::kUsername}, ToBytes(uint32_t{0})).Int(int16_t{-7}).Int(uint32_t{9});
  event.Format("%s %d %s|%6s|%s|%s|%4s|%.1s");
  EXPECT_EQ(Show(event).data, "kBlue 2 7|  true|tracepoint:a:b|root|  -7|9");
}

TEST(Printf, ShowsTimestampsWithMicroseconds) {
  setenv("TZ", "UTC", 1);
  tzset();
  OneEvent event;
  const auto type = event.Type({.kind = ValueKind::kTimestamp, .size = 8, .format = "%H:%M:%S.%f %% %%f"});
  event.TypedSlot(type, ToBytes(uint64_t{1'000'042'999})).TypedSlot(type, ToBytes(uint64_t{7})).Format("%s|%d");
  EXPECT_EQ(Show(event).data, "22:13:21.000042 % %f|7");
}

TEST(Printf, EscapesControlCharactersOfTracedProcesses) {
  OneEvent event;
  event.Text("a\x1b[31m\tb\n\x7f\xc2\x9b\xc3\xa9\r").Int(27).Format("\x1b[0m%s%c");
  EXPECT_EQ(Show(event, "text", {.escape = EscapeControls::kAlways}).data,
            "\x1b[0ma\\x1b[31m\tb\n\\x7f\\xc2\\x9b\xc3\xa9\\x0d\\x1b");
  EXPECT_EQ(Show(event, "text", {.escape = EscapeControls::kNever}).data,
            "\x1b[0ma\x1b[31m\tb\n\x7f\xc2\x9b\xc3\xa9\r\x1b");
}

}  // namespace
}  // namespace sonde::output
