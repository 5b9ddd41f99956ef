#include "kernel/calling_convention.h"

#include <gtest/gtest.h>

#include "kernel/btf_writer.h"

namespace sonde::kernel {
namespace {

constexpr int kAx = 80;
constexpr int kCx = 88;
constexpr int kDx = 96;
constexpr int kSi = 104;
constexpr int kDi = 112;
constexpr int kSp = 152;

// Types of a made-up program.
class CallingConvention : public testing::Test {
 protected:
  BtfId Int(uint32_t bytes) {
    return writer_.Add({.kind = BtfKind::kInt, .size_or_type = bytes, .words = {1U << 24 | (bytes * 8 & 0xff)}});
  }
  BtfId Float(uint32_t bytes) { return writer_.Add({.kind = BtfKind::kFloat, .size_or_type = bytes}); }
  struct Field {
    BtfId type;
    uint32_t offset;  // bytes
  };
  BtfId Struct(uint32_t size, const std::vector<Field>& fields) {
    BtfWriter::Record record{.kind = BtfKind::kStruct, .size_or_type = size};
    record.count = static_cast<uint32_t>(fields.size());
    for (const Field& field : fields) {
      record.words.insert(record.words.end(), {writer_.String("f"), field.type, field.offset * 8});
    }
    return writer_.Add(std::move(record));
  }
  std::vector<UserLocation> Place(const std::vector<PassedValue>& arguments, PassedValue result = {}) {
    btf_ = *Btf::FromBytes(writer_.Bytes());
    return PlaceArguments(*btf_, arguments, result);
  }
  UserLocation Result(PassedValue result) {
    btf_ = *Btf::FromBytes(writer_.Bytes());
    return PlaceResult(*btf_, result);
  }

  BtfWriter writer_;
  std::unique_ptr<Btf> btf_;
};

UserLocation Register(int first, int second = -1) { return {.base = first, .second = second}; }
UserLocation OnStack(int64_t offset) { return {.base = kSp, .displacement = offset, .is_memory = true}; }

TEST_F(CallingConvention, TheSeventhNumberIsOnTheStack) {
  const BtfId number = Int(4);
  const auto places = Place(std::vector<PassedValue>(8, {.type = number}));
  EXPECT_EQ(places[0], Register(kDi));
  EXPECT_EQ(places[3], Register(kCx));
  EXPECT_EQ(places[6], OnStack(8));
  EXPECT_EQ(places[7], OnStack(16));
}

TEST_F(CallingConvention, FloatsTakeRegistersOfTheirOwn) {
  const BtfId number = Int(8);
  const BtfId fraction = Float(8);
  const auto places = Place({{fraction}, {number}, {fraction}, {number}});
  EXPECT_FALSE(places[0].problem.empty());
  EXPECT_EQ(places[1], Register(kDi));
  EXPECT_EQ(places[3], Register(kSi));
}

TEST_F(CallingConvention, TheNinthFloatIsOnTheStack) {
  const BtfId fraction = Float(8);
  const auto places = Place(std::vector<PassedValue>(9, {.type = fraction}));
  EXPECT_FALSE(places[7].problem.empty());
  EXPECT_EQ(places[8], OnStack(8));
}

TEST_F(CallingConvention, SmallStructsAreInTwoRegistersLargeOnesInMemory) {
  const BtfId word = Int(4);
  const BtfId number = Int(8);
  const BtfId pair = Struct(16, {{word, 0}, {number, 8}});
  const BtfId large = Struct(24, {{number, 0}, {number, 8}, {number, 16}});
  const auto places = Place({{pair}, {large}, {word}});
  EXPECT_EQ(places[0], Register(kDi, kSi));
  EXPECT_EQ(places[1], OnStack(8));
  EXPECT_EQ(places[2], Register(kDx));
}

TEST_F(CallingConvention, AStructThatDoesNotFitInTheRegistersLeftGoesToTheStackWhole) {
  const BtfId number = Int(8);
  const BtfId pair = Struct(16, {{number, 0}, {number, 8}});
  const auto places = Place({{number}, {number}, {number}, {number}, {number}, {pair}, {number}});
  EXPECT_EQ(places[5], OnStack(8));
  EXPECT_EQ(places[6], Register(64));  // r9 is still free
}

TEST_F(CallingConvention, PackedFieldsMakeAStructGoToMemory) {
  const BtfId number = Int(8);
  const BtfId byte = Int(1);
  const BtfId packed = Struct(9, {{byte, 0}, {number, 1}});
  EXPECT_EQ(Place({{packed}})[0], OnStack(8));
}

TEST_F(CallingConvention, ALargeResultTakesTheFirstRegister) {
  const BtfId number = Int(8);
  const BtfId large = Struct(24, {{number, 0}, {number, 8}, {number, 16}});
  EXPECT_EQ(Place({{number}}, {.type = large})[0], Register(kSi));
  const UserLocation result = Result({.type = large});
  EXPECT_EQ(result.base, kAx);
  EXPECT_TRUE(result.is_memory);
}

TEST_F(CallingConvention, Results) {
  const BtfId number = Int(8);
  const BtfId pair = Struct(16, {{number, 0}, {number, 8}});
  const BtfId fraction = Float(4);
  EXPECT_EQ(Result({.type = number}), Register(kAx));
  EXPECT_EQ(Result({.type = pair}), Register(kAx, kDx));
  EXPECT_FALSE(Result({.type = fraction}).problem.empty());
}

TEST_F(CallingConvention, ObjectsThatAreNotBytesArePassedByTheirAddress) {
  const BtfId word = Int(4);
  const BtfId owner = Struct(4, {{word, 0}});
  const auto places = Place({{word}, {.type = owner, .by_reference = true}, {word}});
  EXPECT_EQ(places[1].base, kSi);
  EXPECT_TRUE(places[1].is_memory);
  EXPECT_EQ(places[2], Register(kDx));
}

TEST_F(CallingConvention, ALongDoubleIsOnTheStackAtAMultipleOf16) {
  const BtfId number = Int(8);
  const BtfId wide = Float(16);
  std::vector<PassedValue> arguments(7, {.type = number});
  arguments.push_back({.type = wide});
  EXPECT_EQ(Place(arguments)[7], OnStack(8 + 16));
}

}  // namespace
}  // namespace sonde::kernel
