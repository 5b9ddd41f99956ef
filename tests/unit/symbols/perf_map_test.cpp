#include "symbols/perf_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace sonde::symbols {
namespace {

class PerfMapTest : public testing::Test {
 protected:
  void SetUp() override { Write("1000 10 first(int)\n1010 20 second\n0x2000 8 third\nbroken\n30 zz no\n"); }
  void TearDown() override { std::remove(path_.c_str()); }
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::app) << text; }

  std::string path_ = testing::TempDir() + "perf_map_test.map";
};

TEST_F(PerfMapTest, FindsWhatAnAddressLiesIn) {
  PerfMap map({"/nonexistent", path_}, getuid());
  const auto found = map.At(0x1008);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "first(int)");
  EXPECT_EQ(found->start, 0x1000U);
  EXPECT_EQ(map.At(0x1010)->name, "second");
  EXPECT_EQ(map.At(0x2007)->name, "third");
  EXPECT_FALSE(map.At(0x2008));
  EXPECT_FALSE(map.At(0xfff));
}

TEST_F(PerfMapTest, ReadsOnWhenTheFileGrows) {
  PerfMap map({path_}, getuid());
  EXPECT_FALSE(map.At(0x3000));
  Write("3000 4 later\n1000 20 again\n");
  EXPECT_EQ(map.At(0x3001)->name, "later");
  EXPECT_EQ(map.At(0x1014)->name, "again");
  EXPECT_FALSE(map.At(0x1021));  // `second` began in what `again` lies over
}

TEST_F(PerfMapTest, BelievesNoStranger) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(path_.c_str(), 1234, 1234), 0);
  EXPECT_FALSE(PerfMap({path_}, 1235).At(0x1000));
  EXPECT_TRUE(PerfMap({path_}, 1234).At(0x1000));
}

}  // namespace
}  // namespace sonde::symbols
