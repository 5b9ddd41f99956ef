// Probe types of the language that are still to be built; each leaves this list for a descriptor of its own.
#include <array>

#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

struct Names {
  std::string_view name;
  std::array<std::string_view, 2> short_names;
  size_t short_count = 0;
};

constexpr auto kNames = std::to_array<Names>({
    {"asyncwatchpoint", {"aw"}, 1},
});

std::vector<sema::ProbePoint> Refuse(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  context.diagnostics.Error(sema::kNotSupported, spec.span,
                            "the probe type " + spec.parts[0].text + " is not supported yet");
  return {};
}

}  // namespace

std::span<const sema::ProbeType> NotBuiltYet() {
  static const std::vector<sema::ProbeType> types = [] {
    std::vector<sema::ProbeType> all;
    for (const Names& names : kNames) {
      all.push_back({.name = names.name,
                     .short_names = std::span(names.short_names).first(names.short_count),
                     .has_args = true,
                     .expand = Refuse});
    }
    return all;
  }();
  return types;
}

}  // namespace sonde::probes
