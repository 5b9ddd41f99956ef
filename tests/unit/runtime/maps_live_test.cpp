// Reading maps of this kernel, as root.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <map>

#include "base/unique_fd.h"
#include "runtime/bpf_call.h"
#include "runtime/maps.h"
#include "runtime/merge.h"
#include "support.h"

namespace sonde::runtime {
namespace {

using testing::Number;

class MapsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: maps need root";
  }
  // One map, described by `spec_`.
  void Create() {
    fd_.Reset(BpfMapCreate({.name = spec_.name,
                            .type = spec_.bpf_type,
                            .key_size = spec_.key_size,
                            .value_size = spec_.value_size,
                            .max_entries = spec_.max_entries,
                            .flags = spec_.flags}));
    ASSERT_TRUE(fd_.valid());
    handle_ = {.spec = &spec_, .fd = fd_.get(), .possible_cpus = cpus_};
  }
  void Put(uint64_t key, const std::vector<uint64_t>& values) {
    ASSERT_EQ(BpfMapUpdate(fd_.get(), &key, values.data(), BPF_ANY), 0);
  }
  std::map<uint64_t, uint64_t> Read() {
    std::map<uint64_t, uint64_t> out;
    const auto rows = ReadMap(handle_);
    EXPECT_TRUE(rows) << rows.error().Message();
    for (const auto row : *rows) out[Number(row.key)] = Number(row.value);
    EXPECT_EQ(out.size(), rows->size()) << "a key twice";
    return out;
  }

  uint32_t cpus_ = static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_CONF));
  image::MapSpec spec_{
      .name = "@test", .bpf_type = BPF_MAP_TYPE_HASH, .key_size = 8, .value_size = 8, .max_entries = 200'000};
  UniqueFd fd_;
  MapHandle handle_;
};

TEST_F(MapsTest, ReadsTwoHundredThousandKeysFast) {
  Create();
  for (uint64_t key = 0; key < spec_.max_entries; ++key) Put(key, {key * 3});
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  const auto rows = ReadMap(handle_);
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(rows);
  fmt::print("{} keys in {:.3f} s, {:.3f} s of CPU\n", rows->size(), took.count(), cpu_seconds);
  EXPECT_EQ(rows->size(), spec_.max_entries);
  for (const auto row : *rows) ASSERT_EQ(Number(row.value), Number(row.key) * 3);
}

TEST_F(MapsTest, MergesTheCpusOfAHash) {
  spec_.bpf_type = BPF_MAP_TYPE_PERCPU_HASH;
  spec_.per_cpu = true;
  spec_.aggregation = image::Aggregation::kCount;
  spec_.max_entries = 5000;
  Create();
  for (uint64_t key = 0; key < spec_.max_entries; ++key) Put(key, std::vector<uint64_t>(cpus_, key));
  const auto rows = Read();
  EXPECT_EQ(rows.size(), 5000);
  for (const auto& [key, value] : rows) ASSERT_EQ(value, key * cpus_);
}

TEST_F(MapsTest, ClearsAndZeroes) {
  for (const uint32_t type : {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH}) {
    spec_.bpf_type = type;
    spec_.per_cpu = type == BPF_MAP_TYPE_PERCPU_HASH;
    spec_.max_entries = 4096;
    Create();
    for (uint64_t key = 0; key < 1000; ++key) Put(key, std::vector<uint64_t>(cpus_, 9));
    ASSERT_TRUE(ZeroMap(handle_));
    const auto zeroed = Read();
    EXPECT_EQ(zeroed.size(), 1000);
    for (const auto& [key, value] : zeroed) ASSERT_EQ(value, 0);
    ASSERT_TRUE(ClearMap(handle_));
    EXPECT_TRUE(Read().empty());
    ASSERT_TRUE(ClearMap(handle_)) << "an empty one";
  }
}

TEST_F(MapsTest, ReadsKeyByKeyWhatKnowsNoBatches) {
  // BPF_MAP_TYPE_HASH_OF_MAPS and the like know none; so do LPM tries on old kernels. A plain array of this kernel
  // does, so a stack stands in: no batches and no next key, which must end in an error, not a loop.
  spec_.bpf_type = BPF_MAP_TYPE_STACK;
  spec_.key_size = 0;
  Create();
  spec_.key_size = 8;
  EXPECT_FALSE(ReadMap(handle_));
}

TEST_F(MapsTest, KeylessOnesHaveOneRowAndAMark) {
  spec_ = {.name = "@x",
           .bpf_type = BPF_MAP_TYPE_ARRAY,
           .key_size = 4,
           .value_size = 16,
           .max_entries = 1,
           .is_keyless = true,
           .present_offset = 8};
  Create();
  const auto is_present = [this] { return IsPresent(spec_, (*ReadMap(handle_))[0].value); };
  EXPECT_FALSE(is_present());
  Put(0, {5, 1});
  EXPECT_TRUE(is_present());
  ASSERT_TRUE(ZeroMap(handle_));
  EXPECT_TRUE(is_present());
  EXPECT_EQ(Read().at(0), 0);
  ASSERT_TRUE(ClearMap(handle_));
  EXPECT_FALSE(is_present());
}

}  // namespace
}  // namespace sonde::runtime
