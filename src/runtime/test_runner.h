// Runs the tests or the benchmarks of a script in the tracer, one after the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/control.h"
#include "runtime/held_sink.h"
#include "runtime/probe_set.h"

namespace sonde::runtime {

class TestRunner {
 public:
  // What it needs of the session.
  struct Hooks {
    std::function<Result<void>(int program)> run;  // once, and reads what it wrote
    std::function<bool()> proceed;                 // false: the user has enough
  };

  TestRunner(std::vector<ProbeSet::Test> tests, ControlBlock& control, HeldSink& sink, Hooks hooks)
      : tests_(std::move(tests)), control_(control), sink_(sink), hooks_(std::move(hooks)) {}

  // The exit status: 1 when a test failed.
  Result<int> Run();

 private:
  Result<std::string> RunTest(const ProbeSet::Test& test);
  Result<image::BenchmarksEvent::Row> RunBenchmark(const ProbeSet::Test& test);

  std::vector<ProbeSet::Test> tests_;
  ControlBlock& control_;
  HeldSink& sink_;
  Hooks hooks_;
};

}  // namespace sonde::runtime
