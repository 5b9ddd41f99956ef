#include "runtime/ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstring>
#include <string>
#include <vector>

namespace sonde::runtime {
namespace {

using ::testing::ElementsAre;

// A ring in memory, with the kernel's side of it.
class FakeRing {
 public:
  static constexpr uint32_t kSize = 128;

  uint64_t Write(const std::string& text, uint32_t flags = 0) {
    const uint64_t at = producer_;
    SetLength(at, static_cast<uint32_t>(text.size()) | flags);
    for (size_t i = 0; i < text.size(); ++i) data_[(at + 8 + i) % kSize] = static_cast<std::byte>(text[i]);
    producer_ += (text.size() + 8 + 7) / 8 * 8;
    return at;
  }
  void SetLength(uint64_t at, uint32_t length) { std::memcpy(data_ + at % kSize, &length, sizeof(length)); }

  std::vector<std::string> Read(Ring::AtBusy at_busy = Ring::AtBusy::kStop) {
    std::vector<std::string> out;
    auto take = [&](std::span<const std::byte> record) {
      out.emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
    };
    progress_ = ring_.Drain(take, at_busy);
    return out;
  }

  uint64_t consumer_ = 0;
  uint64_t producer_ = 0;
  alignas(8) std::byte data_[kSize] = {};
  Ring ring_{&consumer_, &producer_, data_, kSize};
  Ring::Progress progress_;
};

TEST(Ring, HandsOnRecordsInOrderAndGivesTheirRoomBack) {
  FakeRing fake;
  fake.Write("one");
  fake.Write("twelve bytes");
  EXPECT_EQ(fake.ring_.Fill(), 16 + 24);
  EXPECT_THAT(fake.Read(), ElementsAre("one", "twelve bytes"));
  EXPECT_EQ(fake.consumer_, fake.producer_);
  EXPECT_EQ(fake.progress_.records, 2);
  EXPECT_FALSE(fake.progress_.is_busy);
}

TEST(Ring, PutsTogetherWhatGoesRoundTheEnd) {
  FakeRing fake;
  for (int i = 0; i < 100; ++i) {
    const std::string text(static_cast<size_t>(1 + i * 7 % 60), static_cast<char>('a' + i % 26));
    fake.Write(text);
    EXPECT_THAT(fake.Read(), ElementsAre(text)) << i;
  }
  EXPECT_GT(fake.producer_, 10 * FakeRing::kSize);
}

TEST(Ring, StopsBeforeARecordThatIsStillWritten) {
  FakeRing fake;
  fake.Write("done");
  const uint64_t busy = fake.Write("busy", BPF_RINGBUF_BUSY_BIT);
  fake.Write("behind");
  EXPECT_THAT(fake.Read(), ElementsAre("done"));
  EXPECT_TRUE(fake.progress_.is_busy);
  EXPECT_GT(fake.ring_.Fill(), 0);
  fake.SetLength(busy, 4);
  EXPECT_THAT(fake.Read(), ElementsAre("busy", "behind"));
}

// At the end of a run: a producer that does not finish must not take with it what others wrote behind it.
TEST(Ring, StepsOverARecordThatIsStillWrittenAndCountsIt) {
  FakeRing fake;
  fake.Write("done");
  fake.Write("busy", BPF_RINGBUF_BUSY_BIT);
  fake.Write("behind");
  EXPECT_THAT(fake.Read(Ring::AtBusy::kStepOver), ElementsAre("done", "behind"));
  EXPECT_EQ(fake.progress_.unfinished, 1);
  EXPECT_EQ(fake.progress_.records, 2);
  EXPECT_EQ(fake.ring_.Fill(), 0);
}

TEST(Ring, PassesOverDiscardedRecords) {
  FakeRing fake;
  fake.Write("12345678", BPF_RINGBUF_DISCARD_BIT);
  fake.Write("kept");
  EXPECT_THAT(fake.Read(), ElementsAre("kept"));
  EXPECT_EQ(fake.ring_.Fill(), 0);
  EXPECT_EQ(fake.progress_.records, 2);
}

}  // namespace
}  // namespace sonde::runtime
