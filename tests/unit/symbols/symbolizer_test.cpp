#include "symbols/symbolizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

namespace sonde::symbols {

// Found by its address below. Not static: it is to be in the dynamic table too.
__attribute__((noinline)) int KnownFunction(int x) { return x * 3; }

namespace {

std::vector<std::byte> Record(image::StackId id, uint32_t pid, image::StackFrames kind,
                              const std::vector<uint64_t>& frames, uint32_t limit = 0) {
  image::StackRecord header{.id = id,
                            .pid = pid,
                            .bytes = static_cast<uint32_t>(frames.size() * sizeof(uint64_t)),
                            .frames = kind,
                            .limit = limit};
  std::vector<std::byte> bytes(sizeof header + header.bytes);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, frames.data(), header.bytes);
  return bytes;
}

class SymbolizerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(kallsyms_) << "0000000000000000 A zero\nffffffff81000000 T first\nffffffff81000000 t alias\n"
                                "ffffffff81000100 t __traceiter_event\nffffffff81000200 T second\n"
                                "ffffffffc0201000 t inside\t[module]\n";
  }
  void TearDown() override { std::remove(kallsyms_.c_str()); }

  std::string kallsyms_ = testing::TempDir() + "symbolizer_test.kallsyms";
  Symbolizer symbols_{{.kallsyms = kallsyms_}};
};

TEST_F(SymbolizerTest, KernelStack) {
  const auto kernel = image::StackFrames::kKernel;
  ASSERT_TRUE(symbols_.AddStack(Record(1, 0, kernel, {0xffffffff81000010, 0xffffffff81000200, 0xffffffffc0201004, 5})));
  const auto frames = symbols_.Stack(1);
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[0].name, "first");
  EXPECT_EQ(frames[0].offset, 0x10U);
  // It returns to where the next function begins: the call was the last of the one before.
  EXPECT_EQ(frames[1].name, "__traceiter_event");
  EXPECT_EQ(frames[1].offset, 0x100U);
  EXPECT_EQ(frames[2].name, "inside");
  EXPECT_EQ(frames[2].module, "module");
  EXPECT_EQ(frames[3].name, "");
  EXPECT_EQ(frames[3].address, 5U);
}

TEST_F(SymbolizerTest, EntryFramesAreLeftOut) {
  const auto kernel = image::StackFrames::kKernel;
  const std::vector<uint64_t> frames = {0xffffffff81000180, 0xffffffff81000210, 0xffffffff81000010, 0xffffffff81000020};
  ASSERT_TRUE(symbols_.AddStack(Record(1, 0, kernel, frames, 2)));
  ASSERT_EQ(symbols_.Stack(1).size(), 2U);
  EXPECT_EQ(symbols_.Stack(1)[0].name, "second");
  EXPECT_EQ(symbols_.Stack(1)[1].name, "first");
}

TEST_F(SymbolizerTest, UserStack) {
  const auto address = reinterpret_cast<uint64_t>(&KnownFunction);
  const auto pid = static_cast<uint32_t>(getpid());
  ASSERT_TRUE(symbols_.AddStack(Record(7, pid, image::StackFrames::kUser, {address, address + 1, 12})));
  const auto frames = symbols_.Stack(7);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].name, "sonde::symbols::KnownFunction(int)");
  EXPECT_EQ(frames[0].offset, 0U);
  EXPECT_EQ(frames[1].name, "sonde::symbols::KnownFunction(int)");
  EXPECT_EQ(frames[1].offset, 1U);
  EXPECT_NE(frames[0].module.find("test_symbols"), std::string::npos);
  EXPECT_EQ(frames[2].name, "");
  EXPECT_EQ(symbols_.UserSymbol({.address = address, .pid = pid}).name, "sonde::symbols::KnownFunction(int)");
}

TEST_F(SymbolizerTest, ProcessThatIsGone) {
  ASSERT_TRUE(symbols_.AddStack(Record(7, 0x7ffffff0, image::StackFrames::kUser, {0x1234})));
  ASSERT_EQ(symbols_.Stack(7).size(), 1U);
  EXPECT_EQ(symbols_.Stack(7)[0].name, "");
  EXPECT_EQ(symbols_.Stack(7)[0].address, 0x1234U);
}

TEST_F(SymbolizerTest, AsksForWhatHasNotCome) {
  int asked = 0;
  symbols_.SetSource([&] {
    ++asked;
    symbols_.AddStack(Record(9, 0, image::StackFrames::kKernel, {0xffffffff81000010}));
  });
  EXPECT_EQ(symbols_.Stack(9).size(), 1U);
  EXPECT_EQ(symbols_.Stack(10).size(), 0U);
  EXPECT_EQ(asked, 2);
}

TEST_F(SymbolizerTest, BadRecords) {
  std::vector<std::byte> record = Record(1, 0, image::StackFrames::kKernel, {1, 2});
  EXPECT_FALSE(symbols_.AddStack(std::span(record).first(10)));
  EXPECT_FALSE(symbols_.AddStack(std::span(record).first(record.size() - 8)));
}

}  // namespace
}  // namespace sonde::symbols
