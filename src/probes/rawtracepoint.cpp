// rawtracepoint: the kernel's static events with the arguments that the kernel's code hands to them, before a record is
// made of them.
#include <fmt/format.h>

#include <algorithm>

#include "base/glob.h"
#include "base/suggest.h"
#include "probes/btf_arguments.h"
#include "probes/bystander.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Btf;
using kernel::BtfId;
using kernel::BtfKind;

// Each event has a typedef of its arguments' types (include/trace/bpf_probe.h), and a function that calls those who
// wait for it, which has their names as well (include/linux/tracepoint.h).
constexpr std::string_view kTypedef = "btf_trace_";
constexpr std::string_view kCaller = "__traceiter_";

struct Event {
  std::string module;
  std::string name;
};

struct Pattern {
  std::string module = "*";
  std::string event;
};

// The prototype of an event's arguments, the first of which is not the event's; 0 when there is none.
BtfId PrototypeOf(const Btf& btf, const std::string& event) {
  if (auto caller = btf.Find(BtfKind::kFunc, std::string(kCaller) + event)) return btf.Type(*caller).target;
  auto declared = btf.Find(BtfKind::kTypedef, std::string(kTypedef) + event);
  return declared ? btf.Type(btf.Type(*declared).target).target : 0;
}

// Sorted by module and name, those of the kernel itself first. Modules that go away meanwhile are left out.
Result<std::vector<Event>> Match(kernel::KernelView& kernel, const Pattern& pattern) {
  std::vector<Event> events;
  for (const std::string& module : kernel.BtfModules()) {
    if (!GlobMatch(pattern.module, module)) continue;
    const Result<const Btf*> btf = kernel.ModuleBtf(module);
    if (!btf && module == "vmlinux") return std::unexpected(btf.error());
    if (!btf) continue;
    const size_t first = events.size();
    for (const Btf::Named& found : (*btf)->FindAll(BtfKind::kTypedef, kTypedef)) {
      const std::string_view name = found.name.substr(kTypedef.size());
      if (GlobMatch(pattern.event, name)) events.push_back({module, std::string(name)});
    }
    std::ranges::sort(events.begin() + static_cast<ptrdiff_t>(first), events.end(), {}, &Event::name);
  }
  return events;
}

void ReportMissing(sema::ExpandContext& context, const parser::ProbeSpec& spec, const Pattern& pattern) {
  Diagnostic& said = context.Missing(spec.span, fmt::format("no raw tracepoint matches '{}'", pattern.event));
  if (context.missing == MissingProbes::kIgnore || HasWildcard(pattern.event)) return;
  const auto all = Match(context.kernel, {.module = pattern.module, .event = "*"});
  std::vector<std::string> names;
  for (const Event& event : all.value_or(std::vector<Event>())) names.push_back(event.name);
  const std::string nearest = NearestName(pattern.event, names);
  said.Hint(nearest.empty() ? "sonde -l 'rawtracepoint:*' lists what there is"
                            : fmt::format("did you mean rawtracepoint:{}?", nearest));
}

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const size_t parts = spec.parts.size();
  if (parts < 2 || parts > 3 || spec.parts.back().text.empty()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no raw tracepoint", spec.text))
        .Hint("rawtracepoint:event, as in rawtracepoint:sched_switch");
    return {};
  }
  Pattern pattern{.event = spec.parts.back().text};
  if (parts == 3) pattern.module = spec.parts[1].text;
  const Result<std::vector<Event>> events = Match(context.kernel, pattern);
  if (!events) {
    context.diagnostics.Error(sema::kSystem, spec.span, events.error().Message());
    return {};
  }
  if (events->empty()) ReportMissing(context, spec, pattern);
  std::vector<sema::ProbePoint> points;
  for (const Event& event : *events) {
    sema::ProbePoint point{.name = fmt::format("rawtracepoint:{}:{}", event.module, event.name),
                           .hook = sema::HookRawTracepoint{event.name},
                           .is_of_others = IsOfOthers(event.name)};
    if (context.wants_args) {
      const Btf& btf = **context.kernel.ModuleBtf(event.module);
      point.args = ArgumentsOf(btf, PrototypeOf(btf, event.name), 1);
    }
    points.push_back(std::move(point));
  }
  return points;
}

Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  Pattern wanted{.event = "*"};
  const size_t first = pattern.find(':');
  const size_t last = pattern.rfind(':');
  if (first != std::string_view::npos) wanted.event = pattern.substr(last + 1);
  if (first != last) wanted.module = pattern.substr(first + 1, last - first - 1);
  const Result<std::vector<Event>> events = Match(kernel, wanted);
  std::vector<sema::ListedProbe> listed;
  if (!events) return listed;  // without BTF there is nothing that could be listed
  for (const Event& event : *events) {
    sema::ListedProbe probe{.name = fmt::format("rawtracepoint:{}:{}", event.module, event.name), .fields = {}};
    if (with_fields) {
      const Btf& btf = **kernel.ModuleBtf(event.module);
      probe.fields = DescribeArguments(btf, PrototypeOf(btf, event.name), 1);
    }
    listed.push_back(std::move(probe));
  }
  return listed;
}

constexpr std::string_view kShortNames[] = {"rt"};

}  // namespace

const sema::ProbeType kRawtracepoint{.name = "rawtracepoint",
                                     .short_names = kShortNames,
                                     .spec = "rawtracepoint:[module:]event",
                                     .summary = "A static event of the kernel with its raw arguments; wildcards.",
                                     .is_act = true,
                                     .has_args = true,
                                     .has_function_arguments = true,
                                     .expand = Expand,
                                     .list = List};

}  // namespace sonde::probes
