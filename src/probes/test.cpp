// test and bench: run in the tracer under --test and --bench, left out otherwise.
#include <fmt/format.h>

#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

template <bool kIsBench>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const std::string& type = spec.parts[0].text;
  if (spec.parts.size() != 2 || spec.parts[1].text.empty()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("{} takes a name: {}:name", type, type));
    return {};
  }
  const std::string& name = spec.parts[1].text;
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = fmt::format("{}:{}", type, name), .hook = sema::HookTest{name, kIsBench}});
  return points;
}

}  // namespace

const sema::ProbeType kTest{.name = "test",
                            .spec = "test:name",
                            .summary = "A test, under --test: fails when it returns a number but 0, or exits with one.",
                            .runs_in_tracer = true,
                            .mode = sema::RunMode::kTest,
                            .expand = Expand<false>};

const sema::ProbeType kBench{.name = "bench",
                             .spec = "bench:name",
                             .summary = "A benchmark, under --bench: run many times and timed.",
                             .runs_in_tracer = true,
                             .mode = sema::RunMode::kBench,
                             .expand = Expand<true>};

}  // namespace sonde::probes
