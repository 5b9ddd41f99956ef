#include "output/test_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sonde::output {

double NanosecondsPerRun(const image::BenchmarksEvent::Row& row) {
  return row.runs == 0 ? 0 : static_cast<double>(row.total_ns) / static_cast<double>(row.runs);
}

std::string TestTable(const image::TestsEvent& event) {
  size_t width = 0;
  size_t failed = 0;
  for (const auto& row : event.rows) width = std::max(width, row.name.size());
  std::string text;
  for (const auto& row : event.rows) {
    failed += row.problem.empty() ? 0 : 1;
    const std::string outcome = row.problem.empty() ? "ok" : fmt::format("FAILED: {}", row.problem);
    text += fmt::format("{:<{}}  {}\n", row.name, width, outcome);
  }
  return text + fmt::format("{} passed, {} failed\n", event.rows.size() - failed, failed);
}

std::string BenchmarkTable(const image::BenchmarksEvent& event) {
  using Line = std::array<std::string, 3>;
  std::vector<Line> lines = {{"BENCHMARK", "NANOSECONDS", "RUNS"}};
  for (const auto& row : event.rows) {
    lines.push_back({row.name, fmt::format("{:.0f}", NanosecondsPerRun(row)), fmt::format("{}", row.runs)});
  }
  std::array<size_t, 3> widths{};
  for (const Line& line : lines) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string rule = "+";
  for (const size_t width : widths) rule += std::string(width + 2, '-') + "+";
  std::string text = rule + "\n";
  for (size_t n = 0; n < lines.size(); ++n) {
    text += "|";
    for (size_t i = 0; i < widths.size(); ++i) text += fmt::format(" {:<{}} |", lines[n][i], widths[i]);
    text += "\n";
    if (n == 0) text += rule + "\n";
  }
  return text + rule + "\n";
}

}  // namespace sonde::output
