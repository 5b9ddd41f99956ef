#include <gtest/gtest.h>

#include "image/address_names.h"
#include "record_builder.h"
#include "output/value.h"

namespace sonde::output {
namespace {

class FakeSymbols final : public image::Symbols {
 public:
  bool AddStack(std::span<const std::byte>) override { return true; }
  void SetSource(std::function<void()>) override {}
  std::span<const image::Frame> Stack(image::StackId id) override {
    return id == 0x102 ? std::span<const image::Frame>(frames) : std::span<const image::Frame>();
  }
  std::span<const image::BuildIdFrame> BuildIds(image::StackId) override { return ids; }
  const image::Frame& KernelSymbol(uint64_t address) override { return frames[address == 1 ? 0 : 2]; }
  const image::Frame& UserSymbol(const image::UserAddress&) override { return frames[0]; }
  std::vector<std::string> Statistics() const override { return {}; }

  std::vector<image::Frame> frames = {
      {.address = 0x1010, .name = "f(int)", .module = "/bin/x", .place = "x.c:3", .is_inlined = true},
      {.address = 0x1010, .name = "g\x1b", .offset = 16, .module = "/bin/x", .place = "x.c:9"},
      {.address = 0x2000}};
  std::vector<image::BuildIdFrame> ids = {{.status = 1, .build_id = {0xab, 1}, .offset = 0x20},
                                          {.status = 2, .offset = 5}};
};

class StackTest : public testing::Test {
 protected:
  std::string Show(image::ValueKind kind, const std::string& mode, std::vector<std::byte> bytes, bool escape = false) {
    image::ValueType type{.kind = kind, .size = static_cast<uint32_t>(bytes.size()), .format = mode};
    Values values(image_, escape, RealtimeOffset, &symbols_);
    Buffer out;
    EXPECT_TRUE(values.Append(out, type, bytes, {}));
    return std::string(out.view());
  }

  image::Image image_;
  FakeSymbols symbols_;
};

TEST_F(StackTest, Modes) {
  const auto user = image::ValueKind::kUserStack;
  const auto id = ToBytes(uint64_t{0x102});
  EXPECT_EQ(Show(user, "bpftrace", id),
            "\n        f(int) [inlined] @ x.c:3\n        g\x1b+16 @ x.c:9\n        0x2000\n");
  EXPECT_EQ(Show(user, "perf", id),
            "\n\t1010 f(int) (inlined) (/bin/x)\n\t1010 g\x1b+16 (/bin/x)\n\t2000 0x2000 ([unknown])\n");
  EXPECT_EQ(Show(user, "raw", id), "\n        1010\n        1010\n        2000\n");
  EXPECT_EQ(Show(user, "build_id", id), "\n        ab01000000000000000000000000000000000000 0x20\n        0x5\n");
  EXPECT_EQ(Show(image::ValueKind::kKernelStack, "perf", id),
            "\n\t1010 f(int) (inlined) [/bin/x]\n\t1010 g\x1b+16 [/bin/x]\n\t2000 0x2000\n");
}

TEST_F(StackTest, NamesCannotControlATerminal) {
  EXPECT_NE(Show(image::ValueKind::kUserStack, "bpftrace", ToBytes(uint64_t{0x102}), true).find("g\\x1b+16"),
            std::string::npos);
}

TEST_F(StackTest, NoneAndLost) {
  EXPECT_EQ(Show(image::ValueKind::kUserStack, "bpftrace", ToBytes(image::kNoStack)), "");
  EXPECT_EQ(Show(image::ValueKind::kUserStack, "bpftrace", ToBytes(image::kLostStack)), "\n        [lost]\n");
}

TEST_F(StackTest, Symbols) {
  EXPECT_EQ(Show(image::ValueKind::kKernelSymbol, "", ToBytes(uint64_t{1})), "f(int)");
  EXPECT_EQ(Show(image::ValueKind::kKernelSymbol, "", ToBytes(uint64_t{0x77})), "0x77");
  EXPECT_EQ(Show(image::ValueKind::kUserSymbol, "", ToBytes(uint64_t{1}, uint64_t{2})), "f(int)");
}

}  // namespace
}  // namespace sonde::output
