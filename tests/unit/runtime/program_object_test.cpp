#include "runtime/program_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/btf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "support.h"

namespace sonde::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint8_t kLoadImmediate64 = BPF_LD | BPF_IMM | BPF_DW;
const std::vector<int> kMaps = {100, 101, 102, 103, 104, 105, 106};

class ProgramObjectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::ProbesElf().empty()) GTEST_SKIP() << "SKIPPED: clang-19 is not there to compile the programs";
  }
  ProgramCode Read(const std::string& section) {
    const auto object = ProgramObject::Open(testing::ProbesElf());
    auto code = object.value().Read(section, kMaps);
    EXPECT_TRUE(code) << code.error().Message();
    return code.value_or(ProgramCode{});
  }
};

TEST_F(ProgramObjectTest, PointsAtMapsAndTheirValues) {
  const ProgramCode code = Read("print_each");
  EXPECT_FALSE(code.has_callbacks);
  bool has_ring = false;
  bool has_control = false;
  for (size_t i = 0; i < code.instructions.size(); ++i) {
    const bpf_insn& low = code.instructions[i];
    if (low.code != kLoadImmediate64) continue;
    const bpf_insn& high = code.instructions[++i];
    EXPECT_EQ(high.imm, 0);
    has_ring |= low.src_reg == BPF_PSEUDO_MAP_FD && low.imm == 101;
    has_control |= low.src_reg == BPF_PSEUDO_MAP_VALUE && low.imm == 100;
  }
  EXPECT_TRUE(has_ring);
  EXPECT_TRUE(has_control);
}

// LLVM adds an offset into a value by an instruction of its own; other assemblers put it into the relocated one.
TEST_F(ProgramObjectTest, TakesTheOffsetIntoAValueFromTheInstruction) {
  std::vector<std::byte> elf = testing::ProbesElf();
  // r1 = value_0; r1 += the second loss counter
  constexpr int32_t kOffset = image::kLossCountersOffset + sizeof(uint64_t);
  const bpf_insn wanted[] = {
      {.code = kLoadImmediate64, .dst_reg = 1}, {}, {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = kOffset}};
  const auto bytes = std::as_bytes(std::span(wanted));
  const auto found = std::ranges::search(elf, bytes);
  ASSERT_FALSE(found.empty());
  found[offsetof(bpf_insn, imm)] = std::byte{kOffset};

  const auto object = ProgramObject::Open(elf);
  const auto code = object->Read("value_offset", kMaps);
  ASSERT_TRUE(code);
  const auto load = std::ranges::find(code->instructions, kLoadImmediate64, &bpf_insn::code);
  ASSERT_NE(load, code->instructions.end());
  EXPECT_EQ(load->src_reg, BPF_PSEUDO_MAP_VALUE);
  EXPECT_EQ(load->imm, 100);
  EXPECT_EQ((load + 1)->imm, kOffset);
}

TEST_F(ProgramObjectTest, FindsSubprogramsAndCallbacks) {
  const ProgramCode calls = Read("count_each");
  EXPECT_FALSE(calls.has_callbacks);
  const auto starts = SubprogramStarts(calls.instructions);
  ASSERT_EQ(starts.size(), 2);
  EXPECT_EQ(starts[0], 0);

  const ProgramCode callback = Read("begin_flood");
  EXPECT_TRUE(callback.has_callbacks);
  EXPECT_EQ(SubprogramStarts(callback.instructions).size(), 2);
}

TEST_F(ProgramObjectTest, RefusesWhatDoesNotFit) {
  const auto object = ProgramObject::Open(testing::ProbesElf());
  EXPECT_THAT(object->Read("nothing", kMaps).error().Message(), HasSubstr("no such section"));
  const std::vector<int> few = {100};
  EXPECT_THAT(object->Read("print_each", few).error().Message(), HasSubstr("which is not a map"));

  const std::vector<std::byte> noise(100, std::byte{7});
  EXPECT_FALSE(ProgramObject::Open(noise).has_value());
  EXPECT_FALSE(ProgramObject::Open({}).has_value());
}

// Whatever is cut off or overwritten, reading ends with a result or an error.
TEST_F(ProgramObjectTest, SurvivesDamage) {
  const std::vector<std::byte>& whole = testing::ProbesElf();
  for (size_t size = 0; size < whole.size(); size += 37) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const auto object = ProgramObject::Open(cut);
    if (object) (void)object->Read("count_each", kMaps);
  }
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::vector<std::byte> damaged = whole;
    damaged[at] = static_cast<std::byte>(~static_cast<uint8_t>(damaged[at]));
    const auto object = ProgramObject::Open(damaged);
    if (object) (void)object->Read("begin_flood", kMaps);
  }
}

TEST(FunctionBtf, NamesOneStaticFunctionForEachStart) {
  const std::vector<uint32_t> starts = {0, 12, 40};
  const FunctionBtf btf = DescribeFunctions(starts);
  ASSERT_EQ(btf.functions.size(), 3);
  EXPECT_EQ(btf.functions[2].insn_off, 40);
  EXPECT_EQ(btf.functions[2].type_id, btf.functions[0].type_id + 2);
  btf_header header;
  std::memcpy(&header, btf.bytes.data(), sizeof(header));
  EXPECT_EQ(header.magic, BTF_MAGIC);
  EXPECT_EQ(sizeof(header) + header.type_len + header.str_len, btf.bytes.size());
}

}  // namespace
}  // namespace sonde::runtime
