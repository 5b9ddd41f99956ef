#include "runtime/test_runner.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <chrono>

#include "base/unique_fd.h"
#include "runtime/bpf_call.h"

namespace sonde::runtime {
namespace {

using namespace std::chrono_literals;

// A benchmark runs this long, or so often.
constexpr auto kBenchmarkTime = 300ms;
constexpr uint64_t kMaxRuns = 100'000;
// Runs that warm caches and make a map's entries, not counted.
constexpr int kWarmUps = 100;

Result<bpf_prog_info> InfoOf(const ProbeSet::Test& test) {
  bpf_prog_info info{};
  const int result = BpfProgramInfo(test.program, &info);
  if (result == 0) return info;
  return std::unexpected(
      Error{.operation = "read statistics of", .object = "bench:" + test.test->name, .error_number = -result});
}

}  // namespace

Result<int> TestRunner::Run() {
  image::TestsEvent results;
  image::BenchmarksEvent benchmarks;
  bool failed = false;
  for (const ProbeSet::Test& test : tests_) {
    if (!hooks_.proceed()) break;
    if (test.test->is_bench) {
      auto row = RunBenchmark(test);
      if (!row) return std::unexpected(row.error());
      benchmarks.rows.push_back(std::move(*row));
      continue;
    }
    auto problem = RunTest(test);
    if (!problem) return std::unexpected(problem.error());
    failed = failed || !problem->empty();
    results.rows.push_back({test.test->name, std::move(*problem)});
  }
  if (!results.rows.empty()) sink_.Emit(results);
  if (!benchmarks.rows.empty()) sink_.Emit(benchmarks);
  control_.ForgetOutcome();
  return failed ? 1 : 0;
}

// What is wrong; empty when it passed. Its output is shown only when it failed.
Result<std::string> TestRunner::RunTest(const ProbeSet::Test& test) {
  control_.ForgetOutcome();
  sink_.Hold();
  auto ran = hooks_.run(test.program);
  const int64_t returned = control_.Returned();
  const int code = control_.ExitCode();
  std::string problem;
  if (sink_.errors() != 0) problem = "reported an error";
  if (returned != 0) problem = fmt::format("returned {}", returned);
  if (code != 0) problem = fmt::format("exited with status {}", code);
  sink_.Release(!problem.empty() || !ran);
  if (!ran) return std::unexpected(ran.error());
  return problem;
}

Result<image::BenchmarksEvent::Row> TestRunner::RunBenchmark(const ProbeSet::Test& test) {
  control_.ForgetOutcome();
  sink_.Hold();
  image::BenchmarksEvent::Row row{.name = test.test->name};
  Result<void> ran;
  for (int i = 0; i < kWarmUps && ran && hooks_.proceed(); ++i) ran = hooks_.run(test.program);
  const UniqueFd stats(BpfEnableStats());
  const auto before = InfoOf(test);
  const auto end = std::chrono::steady_clock::now() + kBenchmarkTime;
  for (uint64_t i = 0; i < kMaxRuns && ran && hooks_.proceed(); ++i) {
    ran = hooks_.run(test.program);
    if (std::chrono::steady_clock::now() > end) break;
  }
  const auto after = InfoOf(test);
  sink_.Release(/*show=*/!ran);
  if (!ran) return std::unexpected(ran.error());
  if (!before) return std::unexpected(before.error());
  if (!after) return std::unexpected(after.error());
  row.runs = after->run_cnt - before->run_cnt;
  row.total_ns = after->run_time_ns - before->run_time_ns;
  return row;
}

}  // namespace sonde::runtime
