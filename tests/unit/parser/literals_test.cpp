#include "parser/literals.h"

#include <gtest/gtest.h>

namespace sonde::parser {
namespace {

TEST(ParseInteger, TakesEveryBase) {
  EXPECT_EQ(ParseInteger("0"), 0u);
  EXPECT_EQ(ParseInteger("42"), 42u);
  EXPECT_EQ(ParseInteger("0755"), 0755u);
  EXPECT_EQ(ParseInteger("0x1F"), 0x1fu);
  EXPECT_EQ(ParseInteger("0XfF"), 0xffu);
  EXPECT_EQ(ParseInteger("0b1010"), 10u);
  EXPECT_EQ(ParseInteger("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseInteger("0xffffffffffffffff"), UINT64_MAX);
}

TEST(ParseInteger, TakesUnderscoresExponentsAndSuffixes) {
  EXPECT_EQ(ParseInteger("1_000_000"), 1'000'000u);
  EXPECT_EQ(ParseInteger("1e6"), 1'000'000u);
  EXPECT_EQ(ParseInteger("2E3"), 2'000u);
  EXPECT_EQ(ParseInteger("0e5"), 0u);
  for (const char* spelling : {"7u", "7U", "7l", "7UL", "7ul", "7lu", "7ll", "7ull", "7ULL", "7LLU"}) {
    EXPECT_EQ(ParseInteger(spelling), 7u) << spelling;
  }
  EXPECT_EQ(ParseInteger("0xful"), 15u);
}

TEST(ParseInteger, TakesDurations) {
  EXPECT_EQ(ParseInteger("100ns"), 100u);
  EXPECT_EQ(ParseInteger("5us"), 5'000u);
  EXPECT_EQ(ParseInteger("100ms"), 100'000'000u);
  EXPECT_EQ(ParseInteger("1s"), 1'000'000'000u);
  EXPECT_EQ(ParseInteger("2m"), 120'000'000'000u);
  EXPECT_EQ(ParseInteger("1h"), 3'600'000'000'000u);
  EXPECT_EQ(ParseInteger("1d"), 86'400'000'000'000u);
  EXPECT_EQ(ParseInteger("0s"), 0u);
}

TEST(ParseInteger, RefusesWhatIsNoNumber) {
  for (const char* spelling :
       {"0x", "0b", "0b2", "08", "0b12", "1x", "12abc", "1e", "1e6e", "1ss", "0x1s", "0xg", "1lul", "1uu"}) {
    EXPECT_FALSE(ParseInteger(spelling).has_value()) << spelling;
  }
}

TEST(ParseInteger, RefusesWhatDoesNotFit) {
  for (const char* spelling : {"18446744073709551616", "0x10000000000000000", "1e20", "1e4294967296", "1e99999999999",
                               "300000d", "99999999999999999999999999ull"}) {
    std::expected<uint64_t, std::string> value = ParseInteger(spelling);
    ASSERT_FALSE(value.has_value()) << spelling;
    EXPECT_NE(value.error().find("does not fit"), std::string::npos) << value.error();
  }
}

TEST(Fractions, AreReadAsDoubles) {
  EXPECT_TRUE(IsFloat("1.5"));
  EXPECT_TRUE(IsFloat("1_0.2_5e3"));
  EXPECT_TRUE(IsFloat("2e-3"));
  EXPECT_FALSE(IsFloat("1.5ms"));
  EXPECT_FALSE(IsFloat("1.5.2"));
  EXPECT_FALSE(IsFloat("1.5e"));
  EXPECT_DOUBLE_EQ(ParseFloat("1.5"), 1.5);
  EXPECT_DOUBLE_EQ(ParseFloat("1_0.2_5e3"), 10250.0);
  EXPECT_DOUBLE_EQ(ParseFloat("2e-3"), 0.002);
}

}  // namespace
}  // namespace sonde::parser
