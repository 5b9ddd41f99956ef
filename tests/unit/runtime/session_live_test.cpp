// Whole runs on this kernel, as root.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/session.h"
#include "support.h"

namespace sonde::runtime {
namespace {

using namespace std::chrono_literals;
using image::ProgramType;
using testing::CollectingSink;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LoadCommand;
using ::testing::Not;
using testing::RunOrFail;
using testing::TestImage;

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override { SKIP_UNLESS_LIVE(); }

  void Begin(const std::string& section) { image_.Attach(section, ProgramType::kRawTracepoint, image::RunAtBegin{}); }
  void End(const std::string& section) { image_.Attach(section, ProgramType::kRawTracepoint, image::RunAtEnd{}); }

  TestImage image_;
  CollectingSink sink_;
};

TEST_F(SessionTest, DeliversOrCountsEachOfAMillionRecords) {
  constexpr uint64_t kEvents = 1'000'000;
  image_.AttachRaw("print_each");
  sink_.keep_records = false;
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(kEvents)}), 0);
  EXPECT_EQ(sink_.records + sink_.Lost(), kEvents);
  RecordProperty("lost", std::to_string(sink_.Lost()));
  fmt::print("delivered {}, lost {}\n", sink_.records, sink_.Lost());
  EXPECT_LT(sink_.Lost(), kEvents / 100);
}

TEST_F(SessionTest, CountsExactlyWhatATinyRingLoses) {
  constexpr uint64_t kEvents = 200'000;
  image_.AttachRaw("print_each");
  image_.SetRing(1);  // rounded up to a page
  sink_.keep_records = false;
  sink_.on_record = [] {
    const auto until = std::chrono::steady_clock::now() + 2us;
    while (std::chrono::steady_clock::now() < until) {
    }
  };
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(kEvents)}), 0);
  EXPECT_EQ(sink_.records + sink_.Lost(), kEvents);
  EXPECT_GT(sink_.Lost(), 0);
  fmt::print("delivered {}, lost {}\n", sink_.records, sink_.Lost());
}

TEST_F(SessionTest, RunsBeginBeforeAndEndAfterAndPrintsMaps) {
  Begin("begin_print");
  End("end_print");
  image_.AttachRaw("count_each");
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(1000)}), 0);
  ASSERT_EQ(sink_.log.size(), 5);
  EXPECT_THAT(std::vector(sink_.log.begin(), sink_.log.begin() + 4),
              ElementsAre("printf 1000", "attached 3", "printf 3000", "map @count 0:1000"));
  ASSERT_EQ(sink_.maps.size(), 2);
  EXPECT_TRUE(sink_.maps[1].at_exit);
  uint64_t sum = 0;
  for (const auto row : sink_.maps[1].rows) sum += testing::Number(row.value);
  EXPECT_EQ(sum, 1000);
}

TEST_F(SessionTest, AttachesNothingWhenBeginExits) {
  Begin("begin_exit");
  Begin("begin_print");
  End("end_print");
  image_.AttachRaw("count_each");
  EXPECT_EQ(RunOrFail(image_, sink_), 3);
  EXPECT_THAT(sink_.log, ElementsAre("printf 2000", "attached 3", "printf 3000"));
}

TEST_F(SessionTest, RunsNothingInADryRun) {
  Begin("begin_exit");
  End("end_print");
  image_.AttachRaw("count_each");
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(1000), .dry_run = true}), 0);
  EXPECT_THAT(sink_.log, ElementsAre("attached 3"));
}

TEST_F(SessionTest, EndsWithTheScriptsStatus) {
  image_.AttachRaw("exit_at_load");
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(1, 60'000'000)}), 7);
}

TEST_F(SessionTest, ActsOnMapsInTheOrderOfTheScript) {
  Begin("begin_map_actions");
  Begin("begin_exit");
  EXPECT_EQ(RunOrFail(image_, sink_), 3);
  EXPECT_THAT(sink_.log, ElementsAre("printf 1", "map @count 0:2", "map @count", "map @by_key 5:1", "map @by_key 5:0",
                                     "map @by_key", "printf 2", "printf 2000", "attached 2",
                                     "lost 1 internal error: records that do not fit the script, please report"));
}

// More than the ring holds, from one run of a program.
TEST_F(SessionTest, DrainsWhileBeginFillsTheRing) {
  constexpr uint64_t kEvents = 500'000;
  image_.SetLimit(kEvents);
  Begin("begin_flood");
  Begin("begin_exit");
  sink_.keep_records = false;
  EXPECT_EQ(RunOrFail(image_, sink_), 3);
  EXPECT_EQ(sink_.records + sink_.Lost(), kEvents + 1);
  fmt::print("delivered {}, lost {}\n", sink_.records, sink_.Lost());
}

TEST_F(SessionTest, TicksAtIntervals) {
  image_.SetLimit(5);
  image_.Attach("tick", ProgramType::kPerfEvent, image::AttachInterval{20'000'000});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(RunOrFail(image_, sink_), 0);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_THAT(sink_.values, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_GE(took, 90ms);
  EXPECT_THAT(sink_.log, Contains("map @marked 0:5"));
}

TEST_F(SessionTest, LoadsTypedRawTracepoints) {
  image_.Attach("count_each", ProgramType::kTracingRawTracepoint, image::AttachRawTracepoint{"sys_enter"});
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(500)}), 0);
  EXPECT_THAT(sink_.log, Contains("map @count 0:500"));
}

TEST_F(SessionTest, HandsCookiesToPerfTracepoints) {
  std::ifstream file("/sys/kernel/tracing/events/syscalls/sys_enter_getpriority/id");
  uint32_t id = 0;
  if (!(file >> id)) GTEST_SKIP() << "SKIPPED: tracefs is not mounted";
  image_.Attach("cookie", ProgramType::kTracepoint,
                image::AttachPerfTracepoint{"syscalls", "sys_enter_getpriority", id, 77});
  image_.AttachRaw("exit_at_load");
  // renice asks for the priority before it sets it.
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = "sh -c 'renice -n 0 $$ >/dev/null; " + LoadCommand(1) + "'"}), 7);
  EXPECT_THAT(sink_.values, Contains(77));
}

TEST_F(SessionTest, FallsBackToAnotherWay) {
  image_.AttachRaw("count_each", "no_such_event");
  auto& ways = image_.image.groups[0].ways;
  ways.push_back(ways[0]);
  ways[1][0].plan = image::AttachRawTracepoint{"sys_enter"};
  ways[1][0].program = image_.Program("count_each", ProgramType::kRawTracepoint);
  std::string detail;
  const RunOptions options{.command = LoadCommand(10), .on_detail = [&](const std::string& text) { detail = text; }};
  EXPECT_EQ(RunOrFail(image_, sink_, options), 0);
  EXPECT_THAT(sink_.log, Contains("map @count 0:10"));
  EXPECT_EQ(detail, "cannot attach test:count_each: the kernel has no such event; trying another way");
}

TEST_F(SessionTest, ReportsTheFirstWaysError) {
  image_.AttachRaw("count_each", "no_such_event");
  auto& ways = image_.image.groups[0].ways;
  ways.push_back(ways[0]);
  ways[1][0].program = image_.Program("refused", ProgramType::kRawTracepoint);
  const auto kernel = testing::ThisKernel();
  const auto status = runtime::Run(image_.image, {}, *kernel, sink_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Message(), "cannot attach test:count_each: the kernel has no such event");
}

TEST_F(SessionTest, ShowsTheVerifiersLog) {
  image_.AttachRaw("refused");
  const auto kernel = testing::ThisKernel();
  const auto status = runtime::Run(image_.image, {}, *kernel, sink_);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().Message(), HasSubstr("cannot load the program for test:refused: the kernel's verifier"));
  EXPECT_THAT(status.error().detail, HasSubstr("map_value_or_null"));
}

TEST_F(SessionTest, TellsOfMissesByRecursion) {
  image_.AttachRaw("recurse", "page_fault_kernel");
  image_.AttachRaw("fault_at_load");
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(50)}), 0);
  ASSERT_EQ(sink_.losses.size(), 1);
  EXPECT_EQ(sink_.losses[0].reason, "missed by recursion");
  EXPECT_EQ(sink_.losses[0].object, "test:recurse");
  EXPECT_GE(sink_.losses[0].count, 50);
}

TEST_F(SessionTest, NamesTheCapabilitiesThatAreMissing) {
  image_.AttachRaw("count_each");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    if (setuid(65534) != 0) _exit(1);
    const auto kernel = testing::ThisKernel();
    const auto status = runtime::Run(image_.image, {}, *kernel, sink_);
    const std::string message = status ? "no error" : status.error().Message();
    _exit(write(ends[1], message.data(), message.size()) > 0 ? 0 : 1);
  }
  EXPECT_EQ(testing::WaitFor(pid), 0);
  char message[200] = {};
  ASSERT_GT(read(ends[0], message, sizeof(message) - 1), 0);
  EXPECT_THAT(std::string(message), HasSubstr("permission denied: CAP_BPF and CAP_PERFMON missing; run as root"));
  close(ends[0]);
  close(ends[1]);
}

// Two grace periods each, one after the other: the output comes first, then a word about the wait.
TEST_F(SessionTest, TellsWhatItWaitsForWhenDetachingTakesLong) {
  const std::string events = "/sys/kernel/tracing/events/syscalls/";
  uint32_t attached = 0;
  std::error_code missing;
  for (const auto& event : std::filesystem::directory_iterator(events, missing)) {
    std::ifstream file(event.path() / "id");
    uint32_t id = 0;
    if (attached == 30 || !(file >> id)) continue;
    ++attached;
    image_.Attach("cookie", ProgramType::kTracepoint,
                  image::AttachPerfTracepoint{"syscalls", event.path().filename(), id, attached});
  }
  if (attached == 0) GTEST_SKIP() << "SKIPPED: tracefs is not mounted";
  std::string waits;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = "true", .on_wait = [&](const std::string& text) { waits = text; }}),
            0);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{} perf tracepoints in {:.2f} s: {}\n", attached, took.count(), waits);
  if (took > 1500ms) {
    EXPECT_THAT(waits, HasSubstr("waiting for the kernel to detach"));
  }
}

TEST_F(SessionTest, RefusesACommandThatIsNotThere) {
  image_.AttachRaw("count_each");
  const auto kernel = testing::ThisKernel();
  const auto status = runtime::Run(image_.image, {.command = "no-such-program-here"}, *kernel, sink_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Message(), "cannot run no-such-program-here: command not found");
}

TEST_F(SessionTest, EndsWithTheWatchedProcess) {
  image_.AttachRaw("count_each");
  const pid_t sleeper = fork();
  if (sleeper == 0) {
    usleep(100'000);
    _exit(0);
  }
  EXPECT_EQ(RunOrFail(image_, sink_, {.pid = sleeper}), 0);
  testing::WaitFor(sleeper);

  const auto kernel = testing::ThisKernel();
  const auto status = runtime::Run(image_.image, {.pid = sleeper}, *kernel, sink_);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().Message(), HasSubstr("there is no process with this number"));
}

TEST_F(SessionTest, EndsWhenTheSinkFails) {
  image_.AttachRaw("print_each");
  sink_.on_record = [this] { sink_.healthy = false; };
  EXPECT_EQ(RunOrFail(image_, sink_, {.command = LoadCommand(1, 60'000'000)}), 0);
}

TEST_F(SessionTest, EndsWhenNobodyReadsTheOutput) {
  image_.AttachRaw("count_each");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread reader([&] {
    usleep(100'000);
    close(ends[0]);
  });
  EXPECT_EQ(RunOrFail(image_, sink_, {.output = ends[1]}), 0);
  reader.join();
  close(ends[1]);
}

TEST_F(SessionTest, RunsAScriptWithoutPrograms) {
  image::Image empty;
  const auto kernel = testing::ThisKernel();
  const auto status = runtime::Run(empty, {.command = "true"}, *kernel, sink_);
  ASSERT_TRUE(status) << status.error().Message();
  EXPECT_EQ(*status, 0);
  EXPECT_THAT(sink_.log, ElementsAre("attached 0"));
}

// A session in another process, which says by a byte when it is attached.
class SignalTest : public SessionTest {
 protected:
  class TellingSink : public CollectingSink {
   public:
    void Emit(const image::Event& event) override {
      CollectingSink::Emit(event);
      if (std::holds_alternative<image::AttachedEvent>(event)) Tell('a');
      if (std::holds_alternative<image::MapEvent>(event)) Tell('m');
      if (blocks_on_maps && std::holds_alternative<image::MapEvent>(event)) {
        while (true) pause();
      }
    }
    void Tell(char what) const { EXPECT_EQ(write(pipe[1], &what, 1), 1); }
    char Hear() {
      char heard = 0;
      EXPECT_EQ(read(pipe[0], &heard, 1), 1);
      return heard;
    }
    int pipe[2] = {-1, -1};
    bool blocks_on_maps = false;
  };

  void SetUp() override {
    SessionTest::SetUp();
    ASSERT_EQ(pipe(telling_.pipe), 0);
  }
  void TearDown() override {
    close(telling_.pipe[0]);
    close(telling_.pipe[1]);
  }

  static std::string Shares(pid_t pid, const std::string& key) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(key)) return line.substr(key.size());
    }
    return "";
  }

  TellingSink telling_;
};

TEST_F(SignalTest, PrintsMapsAtCtrlC) {
  Begin("begin_print");
  image_.AttachRaw("count_each");
  image_.SetLimit(1);
  image_.Attach("tick", ProgramType::kPerfEvent, image::AttachInterval{20'000'000'000});
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t pid = testing::RunInBackground(image_, telling_, {});
    ASSERT_EQ(telling_.Hear(), 'a');
    ASSERT_EQ(std::system(LoadCommand(3).c_str()), 0);
    kill(pid, signal);
    EXPECT_EQ(telling_.Hear(), 'm');
    EXPECT_EQ(telling_.Hear(), 'm');
    EXPECT_EQ(testing::WaitFor(pid), 0);
  }
}

// As timeout(1) does.
TEST_F(SignalTest, TakesSignalsThatComeTogetherForOne) {
  image_.AttachRaw("count_each");
  const pid_t pid = testing::RunInBackground(image_, telling_, {});
  ASSERT_EQ(telling_.Hear(), 'a');
  ASSERT_EQ(std::system(LoadCommand(3).c_str()), 0);
  kill(pid, SIGINT);
  std::this_thread::sleep_for(1ms);
  kill(pid, SIGINT);
  EXPECT_EQ(telling_.Hear(), 'm');
  EXPECT_EQ(testing::WaitFor(pid), 0);
}

TEST_F(SignalTest, EndsAtOnceAtTheSecondCtrlC) {
  image_.AttachRaw("count_each");
  telling_.blocks_on_maps = true;
  const pid_t pid = testing::RunInBackground(image_, telling_, {});
  ASSERT_EQ(telling_.Hear(), 'a');
  ASSERT_EQ(std::system(LoadCommand(3).c_str()), 0);
  kill(pid, SIGINT);
  ASSERT_EQ(telling_.Hear(), 'm');
  std::this_thread::sleep_for(150ms);
  kill(pid, SIGINT);
  EXPECT_EQ(testing::WaitFor(pid), 128 + SIGINT);
}

TEST_F(SignalTest, DoesNotWakeUpWhenIdle) {
  image_.AttachRaw("print_each");
  const pid_t pid = testing::RunInBackground(image_, telling_, {});
  ASSERT_EQ(telling_.Hear(), 'a');
  std::this_thread::sleep_for(1200ms);  // losses of the first second are told at its end
  const std::string before = Shares(pid, "voluntary_ctxt_switches:");
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(Shares(pid, "voluntary_ctxt_switches:"), before);
  // It still wakes up for an event.
  ASSERT_EQ(std::system(LoadCommand(1).c_str()), 0);
  std::this_thread::sleep_for(100ms);
  EXPECT_NE(Shares(pid, "voluntary_ctxt_switches:"), before);
  kill(pid, SIGINT);
  EXPECT_EQ(testing::WaitFor(pid), 0);
}

TEST_F(SignalTest, TakesItsChildWithIt) {
  image_.AttachRaw("count_each");
  const std::string marker = "86399.125";
  const pid_t pid = testing::RunInBackground(image_, telling_, {.command = "sleep " + marker});
  ASSERT_EQ(telling_.Hear(), 'a');
  std::this_thread::sleep_for(100ms);
  kill(pid, SIGKILL);
  EXPECT_EQ(testing::WaitFor(pid), 128 + SIGKILL);
  std::this_thread::sleep_for(100ms);
  EXPECT_NE(std::system(("pgrep -f 'sleep " + marker.substr(0, 5) + "[.]125' >/dev/null").c_str()), 0);
}

}  // namespace
}  // namespace sonde::runtime
