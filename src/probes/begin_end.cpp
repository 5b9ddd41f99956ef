// begin and end: run in the tracer, before anything is attached and after everything has ended.
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

template <typename Hook>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  if (spec.parts.size() > 1) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, spec.parts[0].text + " takes nothing behind it");
    return {};
  }
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = std::is_same_v<Hook, sema::HookBegin> ? "begin" : "end", .hook = Hook{}});
  return points;
}

constexpr std::string_view kBeginNames[] = {"BEGIN"};
constexpr std::string_view kEndNames[] = {"END"};

}  // namespace

const sema::ProbeType kBegin{.name = "begin",
                             .short_names = kBeginNames,
                             .spec = "begin",
                             .summary = "Once, before the probes are attached.",
                             .runs_in_tracer = true,
                             .expand = Expand<sema::HookBegin>};

const sema::ProbeType kEnd{.name = "end",
                           .short_names = kEndNames,
                           .spec = "end",
                           .summary = "Once, after the probes are detached.",
                           .runs_in_tracer = true,
                           .expand = Expand<sema::HookEnd>};

}  // namespace sonde::probes
