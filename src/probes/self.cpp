// self: what happens to the tracer itself: self:signal:SIGUSR1.
#include <fmt/format.h>

#include <array>
#include <csignal>

#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};
// Those that mean nothing to the tracer otherwise.
constexpr auto kSignals = std::to_array<SignalName>(
    {{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGCONT", SIGCONT}, {"SIGQUIT", SIGQUIT}, {"SIGWINCH", SIGWINCH}});

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  std::vector<sema::ProbePoint> points;
  const bool names_signal = spec.parts.size() == 3 && spec.parts[1].text == "signal";
  for (const SignalName& signal : kSignals) {
    const bool is_it = names_signal && (spec.parts[2].text == signal.name || "SIG" + spec.parts[2].text == signal.name);
    if (is_it)
      points.push_back({.name = fmt::format("self:signal:{}", signal.name), .hook = sema::HookSignal{signal.number}});
  }
  if (points.empty()) {
    context.diagnostics
        .Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no signal that a script can have", spec.text))
        .Hint("self:signal:SIGUSR1, SIGUSR2, SIGCONT, SIGQUIT, SIGWINCH");
  }
  return points;
}

}  // namespace

const sema::ProbeType kSelf{.name = "self",
                            .spec = "self:signal:SIGUSR1",
                            .summary = "When the tracer itself gets this signal.",
                            .runs_in_tracer = true,
                            .expand = Expand};

}  // namespace sonde::probes
