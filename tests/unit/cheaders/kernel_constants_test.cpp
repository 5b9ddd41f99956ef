#include "cheaders/kernel_constants.h"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

#include "kernel/btf.h"
#include "kernel/kernel_view.h"

namespace sonde::cheaders {
namespace {

TEST(KernelConstants, AreFound) {
  EXPECT_EQ(KernelConstant("TASK_RUNNING"), 0);
  EXPECT_EQ(KernelConstant("TASK_UNINTERRUPTIBLE"), 2);
  EXPECT_EQ(KernelConstant("TASK_KILLABLE"), 0x102);
  EXPECT_EQ(KernelConstant("TASK_IDLE"), 0x402);
  EXPECT_EQ(KernelConstant("NSEC_PER_SEC"), 1'000'000'000);
  EXPECT_EQ(KernelConstant("RCU_SOFTIRQ"), 9);
  EXPECT_EQ(KernelConstant("PF_KTHREAD"), 0x00200000);
  EXPECT_EQ(KernelConstant("PAGE_MASK"), ~int64_t{4095});
  for (const char* name : {"", "TASK", "HZ", "task_running", "ZZZ"}) EXPECT_FALSE(KernelConstant(name)) << name;
}

TEST(KernelConstants, AreDocumented) {
  for (const KernelConstantRow& row : KernelConstants()) {
    EXPECT_EQ(KernelConstant(row.name), row.value);
    EXPECT_TRUE(row.header.ends_with(".h")) << row.name;
    EXPECT_FALSE(row.since.empty()) << row.name;
    EXPECT_FALSE(row.comment.empty()) << row.name;
  }
}

// Those that are enumerators are in BTF as well.
TEST(KernelConstants, AgreeWithTheLiveKernel) {
  auto live = kernel::KernelView::Live();
  auto btf = live->KernelBtf();
  if (!btf) GTEST_SKIP() << btf.error().Message();
  std::map<std::string, int64_t, std::less<>> enumerators;
  for (kernel::BtfId id = 1; id < (*btf)->type_count(); ++id) {
    const kernel::BtfKind kind = (*btf)->Type(id).kind;
    if (kind != kernel::BtfKind::kEnum && kind != kernel::BtfKind::kEnum64) continue;
    for (const kernel::BtfEnumerator& e : (*btf)->Enumerators(id))
      enumerators.try_emplace(std::string(e.name), e.value);
  }
  int compared = 0;
  for (const KernelConstantRow& row : KernelConstants()) {
    const auto found = enumerators.find(row.name);
    if (found == enumerators.end()) continue;
    EXPECT_EQ(found->second, row.value) << row.name;
    ++compared;
  }
  std::cout << compared << " of " << KernelConstants().size() << " compared with BTF\n";
  EXPECT_GT(compared, 10);
}

}  // namespace
}  // namespace sonde::cheaders
