// profile, software, hardware: a body that runs at each so many counts of a perf event, on every CPU.
#include <fmt/format.h>
#include <linux/perf_event.h>

#include <array>

#include "base/glob.h"
#include "base/suggest.h"
#include "probes/period.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

// The names of perf_event_open(2) and of perf-list(1).
struct PerfEvent {
  std::string_view name;
  std::string_view alias;  // may be empty
  uint64_t config = 0;
  uint64_t period = 0;  // where the spec names none
};

constexpr auto kSoftwareEvents = std::to_array<PerfEvent>({
    {"alignment-faults", "", PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
    {"bpf-output", "", PERF_COUNT_SW_BPF_OUTPUT, 1},
    {"context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1000},
    {"cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1000000},
    {"cpu-migrations", "", PERF_COUNT_SW_CPU_MIGRATIONS, 1},
    {"dummy", "", PERF_COUNT_SW_DUMMY, 1},
    {"emulation-faults", "", PERF_COUNT_SW_EMULATION_FAULTS, 1},
    {"major-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
    {"minor-faults", "", PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
    {"page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100},
    {"task-clock", "", PERF_COUNT_SW_TASK_CLOCK, 1000000},
});

constexpr auto kHardwareEvents = std::to_array<PerfEvent>({
    {"backend-stalls", "stalled-cycles-backend", PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000},
    {"branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100000},
    {"branch-misses", "", PERF_COUNT_HW_BRANCH_MISSES, 100000},
    {"bus-cycles", "", PERF_COUNT_HW_BUS_CYCLES, 100000},
    {"cache-misses", "", PERF_COUNT_HW_CACHE_MISSES, 1000000},
    {"cache-references", "", PERF_COUNT_HW_CACHE_REFERENCES, 1000000},
    {"cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1000000},
    {"frontend-stalls", "stalled-cycles-frontend", PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000},
    {"instructions", "", PERF_COUNT_HW_INSTRUCTIONS, 1000000},
    {"ref-cycles", "", PERF_COUNT_HW_REF_CPU_CYCLES, 1000000},
});

std::string NameOf(std::string_view type, const parser::ProbeSpec& spec) {
  std::string name(type);
  for (size_t i = 1; i < spec.parts.size(); ++i) name += ":" + spec.parts[i].text;
  return name;
}

std::vector<sema::ProbePoint> ExpandProfile(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  std::optional<uint64_t> period = PeriodNanoseconds(spec);
  if (!period) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no rate or period", spec.text))
        .Hint("profile:hz:99, profile:ms:10, profile:us:500 or profile:10ms");
    return {};
  }
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = NameOf("profile", spec),
                    .hook = sema::HookSampling{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, *period}});
  return points;
}

std::vector<sema::ProbePoint> ExpandCounter(sema::ExpandContext& context, const parser::ProbeSpec& spec,
                                            std::string_view type, uint32_t perf_type,
                                            std::span<const PerfEvent> events) {
  auto refuse = [&](std::string message, std::string hint) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, std::move(message)).Hint(std::move(hint));
    return std::vector<sema::ProbePoint>();
  };
  std::string example = fmt::format("{}:{}, or {}:{}:100 for each 100", type, events[2].name, type, events[2].name);
  if (spec.parts.size() < 2 || spec.parts.size() > 3) {
    return refuse(fmt::format("'{}' is no {}:event or {}:event:count", spec.text, type, type), example);
  }
  std::string_view wanted = spec.parts[1].text;
  const PerfEvent* found = nullptr;
  std::vector<std::string> names;
  for (const PerfEvent& event : events) {
    names.emplace_back(event.name);
    if (event.name == wanted || (!event.alias.empty() && event.alias == wanted)) found = &event;
  }
  if (found == nullptr) {
    std::string nearest = NearestName(wanted, names);
    return refuse(
        fmt::format("there is no {} event '{}'", type, wanted),
        nearest.empty() ? fmt::format("sonde -l '{}:*' lists them", type) : fmt::format("did you mean '{}'?", nearest));
  }
  uint64_t period = found->period;
  if (spec.parts.size() == 3) {
    std::optional<uint64_t> count = Number(spec.parts[2].text);
    if (!count || *count == 0) {
      return refuse(fmt::format("'{}' is no count of events", spec.parts[2].text), example);
    }
    period = *count;
  }
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = NameOf(type, spec), .hook = sema::HookSampling{perf_type, found->config, period}});
  return points;
}

std::vector<sema::ProbePoint> ExpandSoftware(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  return ExpandCounter(context, spec, "software", PERF_TYPE_SOFTWARE, kSoftwareEvents);
}
std::vector<sema::ProbePoint> ExpandHardware(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  return ExpandCounter(context, spec, "hardware", PERF_TYPE_HARDWARE, kHardwareEvents);
}

std::vector<sema::ListedProbe> ListEvents(std::string_view type, std::span<const PerfEvent> events,
                                          std::string_view pattern) {
  std::vector<sema::ListedProbe> listed;
  for (const PerfEvent& event : events) {
    for (std::string_view name : {event.name, event.alias}) {
      std::string full = fmt::format("{}:{}", type, name);
      if (!name.empty() && GlobMatch(pattern, full)) listed.push_back({.name = fmt::format("{}:", full), .fields = {}});
    }
  }
  return listed;
}

Result<std::vector<sema::ListedProbe>> ListProfile(kernel::KernelView&, std::string_view pattern, bool) {
  return ListUnits("profile", pattern);
}
Result<std::vector<sema::ListedProbe>> ListSoftware(kernel::KernelView&, std::string_view pattern, bool) {
  return ListEvents("software", kSoftwareEvents, pattern);
}
Result<std::vector<sema::ListedProbe>> ListHardware(kernel::KernelView&, std::string_view pattern, bool) {
  return ListEvents("hardware", kHardwareEvents, pattern);
}

constexpr std::string_view kProfileShort[] = {"p"};
constexpr std::string_view kSoftwareShort[] = {"s"};
constexpr std::string_view kHardwareShort[] = {"h"};

}  // namespace

const sema::ProbeType kProfile{.name = "profile",
                               .short_names = kProfileShort,
                               .spec = "profile:unit:count or profile:10ms",
                               .summary = "At a fixed rate, on every CPU; units are hz, s, ms, us.",
                               .is_timer = true,
                               .expand = ExpandProfile,
                               .list = ListProfile};
const sema::ProbeType kSoftware{.name = "software",
                                .short_names = kSoftwareShort,
                                .spec = "software:event:count",
                                .summary = "At each so many of an event that the kernel counts, on every CPU.",
                                .expand = ExpandSoftware,
                                .list = ListSoftware};
const sema::ProbeType kHardware{.name = "hardware",
                                .short_names = kHardwareShort,
                                .spec = "hardware:event:count",
                                .summary = "At each so many of an event that the processor counts, on every CPU.",
                                .expand = ExpandHardware,
                                .list = ListHardware};

}  // namespace sonde::probes
