#include "probes/kernel_function.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/glob.h"
#include "base/suggest.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::KernelFunction;

// A longer name that begins with what was written (do_sys_open, do_sys_openat2), else the nearest.
std::string Nearest(std::string_view name, std::span<const KernelFunction> functions) {
  std::string_view longer;
  std::vector<std::string> names;
  for (const KernelFunction& function : functions) {
    if (function.name.starts_with(name) && (longer.empty() || function.name.size() < longer.size())) {
      longer = function.name;
    }
    const size_t size = function.name.size();
    if (size + 4 > name.size() && size < name.size() + 4) names.emplace_back(function.name);
  }
  return longer.empty() || name.size() < 4 ? NearestName(name, names) : std::string(longer);
}

}  // namespace

std::optional<FunctionPattern> ReadFunctionPattern(const parser::ProbeSpec& spec) {
  if (spec.parts.size() < 2 || spec.parts.size() > 3 || spec.parts.back().text.empty()) return std::nullopt;
  return FunctionPattern{.module = spec.parts.size() == 3 ? spec.parts[1].text : "",
                         .function = spec.parts.back().text};
}

FunctionPattern ReadFunctionPattern(std::string_view pattern) {
  const size_t first = pattern.find(':');
  const size_t last = pattern.rfind(':');
  if (first == std::string_view::npos) return {.module = "", .function = "*"};
  return {.module = std::string(first == last ? "" : pattern.substr(first + 1, last - first - 1)),
          .function = std::string(pattern.substr(last + 1))};
}

Result<std::vector<KernelFunction>> MatchFunctions(kernel::KernelView& kernel, const FunctionPattern& pattern) {
  const auto all = kernel.TraceableFunctions();
  if (!all) return std::unexpected(all.error());
  std::vector<KernelFunction> matches;
  for (const KernelFunction& function : *all) {
    if (!pattern.module.empty() && !GlobMatch(pattern.module, function.module)) continue;
    if (GlobMatch(pattern.function, function.name)) matches.push_back(function);
  }
  return matches;
}

void ReportMissingFunction(sema::ExpandContext& context, const parser::ProbeSpec& spec,
                           const FunctionPattern& pattern) {
  const std::string& type = spec.parts[0].text;
  Diagnostic& said = context.Missing(
      spec.span,
      fmt::format("{} no function '{}' to be traced",
                  pattern.module == "bpf" ? "the loaded BPF programs have" : "the kernel has", pattern.function));
  if (context.missing == MissingProbes::kIgnore || HasWildcard(pattern.function)) return;
  const auto all = context.kernel.TraceableFunctions();
  const std::string nearest = all ? Nearest(pattern.function, *all) : "";
  said.Hint(nearest.empty() ? fmt::format("sonde -l '{}:*' lists what there is", type)
                            : fmt::format("did you mean {}:{}?", type, nearest));
}

}  // namespace sonde::probes
