#include "kernel/syscall_table.h"

#include <asm/unistd.h>
#include <gtest/gtest.h>

#include <iostream>
#include <set>
#include <string>

#include "kernel/kernel_view.h"

namespace sonde::kernel {
namespace {

TEST(SyscallTable, GoesBothWays) {
  std::set<std::string_view> names;
  for (const SyscallRow& row : SyscallTable()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(SyscallNumberOf(row.name), row.number);
    EXPECT_EQ(SyscallNameOf(row.number), row.name);
  }
  EXPECT_GT(names.size(), 350u);
}

TEST(SyscallTable, SpellsNamesAsTracefsDoes) {
  EXPECT_EQ(SyscallNumberOf("newfstat"), __NR_fstat);
  EXPECT_EQ(SyscallNumberOf("newstat"), __NR_stat);
  EXPECT_EQ(SyscallNumberOf("newlstat"), __NR_lstat);
  EXPECT_EQ(SyscallNumberOf("newuname"), __NR_uname);
  EXPECT_EQ(SyscallNumberOf("umount"), __NR_umount2);
  EXPECT_EQ(SyscallNumberOf("sendfile64"), __NR_sendfile);
  EXPECT_EQ(SyscallNumberOf("newfstatat"), __NR_newfstatat);
  EXPECT_EQ(SyscallNumberOf("openat"), __NR_openat);
  EXPECT_EQ(SyscallNumberOf("futex_waitv"), 449);
  EXPECT_EQ(SyscallNumberOf("file_setattr"), 469);
}

TEST(SyscallTable, KnowsNothingElse) {
  for (const char* name : {"", "fstat", "uname", "sys_enter_openat", "open a", "zzz", "OPENAT"}) {
    EXPECT_FALSE(SyscallNumberOf(name)) << name;
  }
  for (int number : {-1, 337, 423, 470, 100000}) EXPECT_EQ(SyscallNameOf(number), "") << number;
}

TEST(SyscallTable, CoversTheLiveKernel) {
  auto live = KernelView::Live();
  auto names = live->MatchTracepoints("syscalls", "sys_enter_*");
  if (!names) GTEST_SKIP() << "tracefs cannot be read here: " << names.error().Message();
  for (const TracepointName& name : *names) {
    const std::string_view syscall = std::string_view(name.name).substr(std::string_view("sys_enter_").size());
    EXPECT_TRUE(SyscallNumberOf(syscall)) << "no number for " << name.name;
  }
  std::cout << names->size() << " syscalls\n";
}

}  // namespace
}  // namespace sonde::kernel
