// interval: a body that runs at a fixed rate, on one CPU.
#include <fmt/format.h>

#include "probes/period.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  std::optional<uint64_t> period = PeriodNanoseconds(spec);
  if (!period) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no rate or period", spec.text))
        .Hint("interval:s:1, interval:ms:100, interval:us:500, interval:hz:99 or interval:100ms");
    return {};
  }
  std::string name = "interval";
  for (size_t i = 1; i < spec.parts.size(); ++i) name += ":" + spec.parts[i].text;
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = name, .hook = sema::HookInterval{*period}});
  return points;
}

Result<std::vector<sema::ListedProbe>> List(kernel::KernelView&, std::string_view pattern, bool) {
  return ListUnits("interval", pattern);
}

constexpr std::string_view kShortNames[] = {"i"};

}  // namespace

const sema::ProbeType kInterval{.name = "interval",
                                .short_names = kShortNames,
                                .spec = "interval:unit:count or interval:100ms",
                                .summary = "At a fixed rate, on one CPU; units are hz, s, ms, us.",
                                .has_user_context = false,
                                .is_timer = true,
                                .expand = Expand,
                                .list = List};

}  // namespace sonde::probes
