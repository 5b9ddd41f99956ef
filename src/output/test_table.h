// Tests and benchmarks as tables.
#pragma once

#include <string>

#include "image/event.h"

namespace sonde::output {

// A line for each test, then how many there were.
std::string TestTable(const image::TestsEvent& event);
// Names and nanoseconds per run, framed.
std::string BenchmarkTable(const image::BenchmarksEvent& event);

double NanosecondsPerRun(const image::BenchmarksEvent::Row& row);

}  // namespace sonde::output
