#include "kernel/kernel_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "kernel/kernel_view.h"

namespace sonde::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<KernelView> Host() { return KernelView::Fixture(SONDE_TEST_DIR "/fixtures/host"); }

std::vector<std::string> Names(const std::vector<TracepointName>& names) {
  std::vector<std::string> joined;
  for (const TracepointName& name : names) joined.push_back(name.category + ":" + name.name);
  return joined;
}

TEST(KernelFixture, ReadsAFormatOnce) {
  auto host = Host();
  Result<const TracepointFormat*> format = host->Tracepoint("syscalls", "sys_enter_openat");
  ASSERT_TRUE(format);
  EXPECT_EQ((*format)->name, "sys_enter_openat");
  EXPECT_EQ((*format)->fields.back().name, "mode");
  EXPECT_EQ((*format)->fields.back().type, "umode_t");
  EXPECT_EQ(*host->Tracepoint("syscalls", "sys_enter_openat"), *format);
}

TEST(KernelFixture, SaysWhatIsNotThere) {
  auto host = Host();
  for (auto [category, event] : {std::pair{"syscalls", "sys_enter_nothing"},
                                 {"nothing", "x"},
                                 {"..", "host"},
                                 {"syscalls", "../sched/sched_switch"},
                                 {"", ""},
                                 {"syscalls", ""}}) {
    Result<const TracepointFormat*> format = host->Tracepoint(category, event);
    ASSERT_FALSE(format) << category << ":" << event;
    EXPECT_EQ(format.error().error_number, ENOENT);
    EXPECT_THAT(format.error().Message(), HasSubstr("the kernel has no such event"));
  }
  auto nowhere = KernelView::Fixture("/nonexistent");
  EXPECT_THAT(nowhere->Tracepoint("sched", "sched_switch").error().Message(),
              HasSubstr("cannot open /nonexistent/events"));
  EXPECT_FALSE(nowhere->MatchTracepoints("*", "*"));
  EXPECT_FALSE(nowhere->MatchTracepoints("sched", "*"));
}

TEST(KernelFixture, MatchesNames) {
  auto host = Host();
  EXPECT_THAT(Names(*host->MatchTracepoints("syscalls", "*openat*")),
              ElementsAre("syscalls:sys_enter_openat", "syscalls:sys_enter_openat2", "syscalls:sys_exit_openat",
                          "syscalls:sys_exit_openat2"));
  EXPECT_THAT(Names(*host->MatchTracepoints("sch*", "sched_wakeup?new")), ElementsAre("sched:sched_wakeup_new"));
  EXPECT_THAT(Names(*host->MatchTracepoints("*", "sys_enter")), ElementsAre("raw_syscalls:sys_enter"));
  EXPECT_TRUE(host->MatchTracepoints("nothing", "*")->empty());
  EXPECT_TRUE(host->MatchTracepoints("sched", "nothing")->empty());
  EXPECT_TRUE(host->MatchTracepoints("../host", "*")->empty());
  EXPECT_THAT(*host->TracepointCategories(), testing::Contains("sched"));
}

TEST(KernelFixture, KnowsTheMachine) {
  auto host = Host();
  EXPECT_EQ(host->PossibleCpus(), 4u);
  EXPECT_EQ(host->OnlineCpus(), 4u);
  EXPECT_FALSE(host->HasKprobes());
  EXPECT_EQ(host->Release(), "6.18.0-fixture");
  EXPECT_EQ(host->LockdownMode(), Lockdown::kNone);
  EXPECT_EQ(host->Describe(), SONDE_TEST_DIR "/fixtures/host");
  EXPECT_EQ(host->SyscallNumber("newfstat"), 5);
  EXPECT_EQ(host->SyscallName(5), "newfstat");
}

class ScratchHost : public testing::Test {
 protected:
  ScratchHost() {
    char pattern[] = "/tmp/sonde-host-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~ScratchHost() override {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(folder_.c_str());
  }
  void Write(const std::string& name, const std::string& text) {
    files_.push_back(folder_ + "/" + name);
    std::ofstream(files_.back()) << text;
  }
  std::string folder_;
  std::vector<std::string> files_;
};

TEST_F(ScratchHost, CountsCpus) {
  const std::pair<const char*, uint32_t> kLists[] = {{"0\n", 1},     {"0-3\n", 4}, {"0-1,4,8-11\n", 7}, {"", 1},
                                                     {"rubbish", 1}, {"3-1\n", 1}, {"0-,2\n", 1}};
  for (auto [list, count] : kLists) {
    Write("possible", list);
    EXPECT_EQ(KernelView::Fixture(folder_)->PossibleCpus(), count) << list;
  }
  EXPECT_EQ(KernelView::Fixture(folder_)->OnlineCpus(), 1u);
}

TEST_F(ScratchHost, KnowsKprobesAndLockdown) {
  EXPECT_EQ(KernelView::Fixture(folder_)->LockdownMode(), Lockdown::kUnknown);
  EXPECT_EQ(KernelView::Fixture(folder_)->Release(), "");
  Write("kprobe", "");
  Write("lockdown", "none [integrity] confidentiality\n");
  EXPECT_TRUE(KernelView::Fixture(folder_)->HasKprobes());
  EXPECT_EQ(KernelView::Fixture(folder_)->LockdownMode(), Lockdown::kIntegrity);
  Write("lockdown", "none integrity [confidentiality]\n");
  EXPECT_EQ(KernelView::Fixture(folder_)->LockdownMode(), Lockdown::kConfidentiality);
}

TEST_F(ScratchHost, SaysThatThereIsNoBtf) {
  EXPECT_THAT(KernelView::Fixture(folder_)->KernelBtf().error().Message(), HasSubstr("CONFIG_DEBUG_INFO_BTF"));
  Write("btf", "");
  EXPECT_THAT(KernelView::Fixture(folder_)->KernelBtf().error().Message(), HasSubstr("too short"));
}

TEST(Tracefs, SaysHowToMount) {
  Result<std::string> missing = FindTracefsIn("/nonexistent/tracing", "/nonexistent/debug");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().remedy, HasSubstr("`mount -t tracefs tracefs /nonexistent/tracing`"));
}

TEST(Tracefs, ReadsUpToTheStop) {
  Result<std::string> text =
      ReadTextFile(-1, SONDE_TEST_DIR "/fixtures/host/events/syscalls/sys_enter_read/format", "\nprint fmt:");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("field:size_t count"));
  EXPECT_EQ(ReadTextFile(-1, "/nonexistent").error().error_number, ENOENT);
  EXPECT_EQ(ReadTextFile(-1, "/").error().error_number, EISDIR);
}

// --- this machine

#define SKIP_WITHOUT_TRACEFS(view)                                                   \
  if (auto categories = (view)->TracepointCategories(); !categories) {               \
    GTEST_SKIP() << "tracefs cannot be read here: " << categories.error().Message(); \
  }

TEST(KernelLive, ParsesEveryFormatWithoutLoss) {
  auto live = KernelView::Live();
  SKIP_WITHOUT_TRACEFS(live);
  Result<std::string> root = FindTracefs();
  ASSERT_TRUE(root);
  Result<std::vector<TracepointName>> names = live->MatchTracepoints("*", "*");
  ASSERT_TRUE(names);
  EXPECT_GT(names->size(), 500u);
  for (const TracepointName& name : *names) {
    SCOPED_TRACE(name.category + ":" + name.name);
    Result<const TracepointFormat*> format = live->Tracepoint(name.category, name.name);
    ASSERT_TRUE(format) << format.error().Message();
    EXPECT_EQ((*format)->name, name.name);
    std::ifstream file(*root + "/events/" + name.category + "/" + name.name + "/format");
    std::string line;
    size_t lines = 0;
    while (std::getline(file, line)) {
      if (!line.starts_with("\tfield:")) continue;
      ASSERT_LT(lines, (*format)->fields.size());
      const TracepointField& field = (*format)->fields[lines++];
      // Nothing of the declaration may be lost: type, name, numbers stand in the line.
      EXPECT_THAT(line, HasSubstr(field.type));
      EXPECT_THAT(line, testing::ContainsRegex("[^A-Za-z0-9_]" + field.name + "(\\[.*\\])?;"));
      EXPECT_THAT(line, HasSubstr("offset:" + std::to_string(field.offset) + ";"));
      EXPECT_THAT(line, HasSubstr("size:" + std::to_string(field.size) + ";"));
      EXPECT_THAT(line, HasSubstr(field.is_signed ? "signed:1;" : "signed:0;"));
      EXPECT_FALSE(field.type.empty());
    }
    EXPECT_EQ(lines, (*format)->fields.size());
  }
  std::cout << "parsed " << names->size() << " format files\n";
}

TEST(KernelLive, ListsWhatTheKernelCallsAvailable) {
  auto live = KernelView::Live();
  SKIP_WITHOUT_TRACEFS(live);
  std::ifstream file(*FindTracefs() + "/available_events");
  if (!file) GTEST_SKIP() << "available_events cannot be read here";
  std::set<std::string> expected;
  for (std::string line; std::getline(file, line);) expected.insert(line);
  const std::vector<std::string> names = Names(*live->MatchTracepoints("*", "*"));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()) || !names.empty());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), expected);
}

TEST(KernelLive, MatchesInMilliseconds) {
  auto live = KernelView::Live();
  SKIP_WITHOUT_TRACEFS(live);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(live->MatchTracepoints("syscalls", "*openat*")->size(), 4u);
  const auto spent = std::chrono::steady_clock::now() - start;
  EXPECT_LT(std::chrono::duration_cast<std::chrono::milliseconds>(spent).count(), 50);
}

TEST(KernelLive, KnowsTheMachine) {
  auto live = KernelView::Live();
  EXPECT_EQ(live->OnlineCpus(), static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GE(live->PossibleCpus(), live->OnlineCpus());
  EXPECT_FALSE(live->Release().empty());
  EXPECT_EQ(live->Describe(), "this kernel");
}

}  // namespace
}  // namespace sonde::kernel
