#include "probes/period.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/glob.h"

namespace sonde::probes {
namespace {

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1000},       {"ms", 1000000},
                           {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
constexpr uint64_t kSecond = 1000000000;

}  // namespace

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<uint64_t> NumberOrHex(std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

namespace {

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

}  // namespace

std::optional<uint64_t> PeriodNanoseconds(const parser::ProbeSpec& spec) {
  if (spec.parts.size() == 3) return Period(spec.parts[1].text, spec.parts[2].text);
  if (spec.parts.size() != 2) return std::nullopt;
  std::string_view text = spec.parts[1].text;
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return Period(text.substr(digits), text.substr(0, digits));
}

std::vector<sema::ListedProbe> ListUnits(std::string_view type, std::string_view pattern) {
  std::vector<sema::ListedProbe> listed;
  for (std::string_view unit : {"hz", "us", "ms", "s"}) {
    const std::string name = fmt::format("{}:{}", type, unit);
    if (GlobMatch(pattern, name) || GlobMatch(pattern, name + ":")) {
      listed.push_back({.name = name + ":", .fields = {}});
    }
  }
  return listed;
}

}  // namespace sonde::probes
