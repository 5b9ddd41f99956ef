// interval: a body that runs at a fixed rate, on one CPU.
#include <fmt/format.h>

#include <charconv>

#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1000},       {"ms", 1000000},
                           {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
constexpr uint64_t kSecond = 1000000000;

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "hz" and "99", "ms" and "100", or "100ms" alone.
std::optional<uint64_t> Period(std::string_view unit, std::string_view count) {
  std::optional<uint64_t> number = Number(count);
  if (!number || *number == 0) return std::nullopt;
  if (unit == "hz") return *number <= kSecond ? std::optional(kSecond / *number) : std::nullopt;
  for (const Unit& known : kUnits) {
    if (known.name == unit && *number < UINT64_MAX / 2 / known.nanoseconds) return *number * known.nanoseconds;
  }
  return std::nullopt;
}

std::optional<uint64_t> PeriodOf(const parser::ProbeSpec& spec) {
  if (spec.parts.size() == 3) return Period(spec.parts[1].text, spec.parts[2].text);
  if (spec.parts.size() != 2) return std::nullopt;
  std::string_view text = spec.parts[1].text;
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return Period(text.substr(digits), text.substr(0, digits));
}

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  std::optional<uint64_t> period = PeriodOf(spec);
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

constexpr std::string_view kShortNames[] = {"i"};

}  // namespace

const sema::ProbeType kInterval{.name = "interval",
                                .short_names = kShortNames,
                                .spec = "interval:unit:count or interval:100ms",
                                .summary = "At a fixed rate, on one CPU; units are hz, s, ms, us.",
                                .has_user_context = false,
                                .is_timer = true,
                                .expand = Expand};

}  // namespace sonde::probes
