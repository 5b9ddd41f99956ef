// kprobe and kretprobe: the entry of a kernel function and its return, or an address in it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "kernel/alternatives.h"
#include "kernel/btf.h"
#include "kernel/function_list.h"
#include "probes/kernel_function.h"
#include "probes/period.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

constexpr std::string_view kVmlinux = "vmlinux";

// One line for the whole script: the reason is the same for every kprobe in it.
void ReportUnavailable(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  for (const Diagnostic& said : context.diagnostics.all()) {
    if (said.id.name == sema::kProbeUnavailable.name) return;
  }
  std::string_view function = spec.parts.size() > 1 ? std::string_view(spec.parts.back().text) : "";
  const std::string others = kernel::TracepointsAbout(context.kernel, function.substr(0, function.find('+')));
  std::string message =
      fmt::format("{} cannot be attached: this kernel is built without kprobes (CONFIG_KPROBES){}", spec.text,
                  others.empty() ? "" : "; " + others);
  if (context.missing == MissingProbes::kError) {
    context.diagnostics.Error(sema::kProbeUnavailable, spec.span, std::move(message));
  } else {
    context.Missing(spec.span, std::move(message));
  }
}

// Cheaper to ask for one than the list of all.
bool IsKnown(kernel::KernelView& kernel, const FunctionPattern& pattern) {
  const std::string module = pattern.module.empty() ? std::string(kVmlinux) : pattern.module;
  const auto btf = kernel.ModuleBtf(module);
  if (btf && (*btf)->Find(kernel::BtfKind::kFunc, pattern.function)) return true;
  const auto found = MatchFunctions(kernel, pattern);
  return !found || !found->empty() || kernel::HasKernelSymbol(pattern.function);
}

sema::ProbePoint PointAt(std::string_view type, std::string_view module, std::string_view function, uint64_t offset,
                         bool is_return, bool is_optional) {
  const std::string prefix = module.empty() || module == kVmlinux ? "" : fmt::format("{}:", module);
  const std::string behind = offset == 0 ? "" : fmt::format("+{}", offset);
  return {.name = fmt::format("{}:{}{}{}", type, prefix, function, behind),
          .hook = sema::HookKprobe{prefix + std::string(function), offset, is_return, is_optional},
          .function = std::string(function)};
}

template <bool kIsReturn>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  constexpr std::string_view kType = kIsReturn ? "kretprobe" : "kprobe";
  const auto refuse = [&](std::string message, std::string hint) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, std::move(message)).Hint(std::move(hint));
    return std::vector<sema::ProbePoint>();
  };
  std::optional<FunctionPattern> pattern = ReadFunctionPattern(spec);
  if (!pattern) return refuse(fmt::format("'{}' names no function", spec.text), fmt::format("{}:vfs_read", kType));
  if (!context.kernel.HasKprobes()) {
    ReportUnavailable(context, spec);
    return {};
  }
  std::vector<sema::ProbePoint> points;
  if (const auto address = NumberOrHex(pattern->function)) {
    if (kIsReturn) return refuse("an address has no return", "kprobe takes an address, kretprobe a function");
    if (!context.unsafe) {
      context.diagnostics.Error(sema::kUnsafe, spec.span, "a probe at an address is only allowed with --unsafe");
      return {};
    }
    points.push_back({.name = spec.text, .hook = sema::HookKprobe{"", *address, false, false}});
    return points;
  }
  uint64_t offset = 0;
  if (const size_t plus = pattern->function.find('+'); plus != std::string::npos) {
    const auto number = NumberOrHex(std::string_view(pattern->function).substr(plus + 1));
    if (!number) return refuse(fmt::format("'{}' has no number behind '+'", spec.text), "kprobe:vfs_read+4");
    if (kIsReturn && *number != 0) return refuse("a return has no offset", "kprobe takes an offset");
    offset = *number;
    pattern->function.resize(plus);
  }
  if (!HasWildcard(pattern->function) && !HasWildcard(pattern->module)) {
    if (!IsKnown(context.kernel, *pattern)) {
      ReportMissingFunction(context, spec, *pattern);
      return {};
    }
    points.push_back(PointAt(kType, pattern->module, pattern->function, offset, kIsReturn, false));
    return points;
  }
  if (offset != 0) return refuse("an offset needs one function", "kprobe:vfs_read+4");
  const auto functions = MatchFunctions(context.kernel, *pattern);
  if (!functions) {
    context.diagnostics.Error(sema::kSystem, spec.span, functions.error().Message());
    return {};
  }
  if (functions->empty()) ReportMissingFunction(context, spec, *pattern);
  for (const kernel::KernelFunction& function : *functions) {
    points.push_back(PointAt(kType, function.module, function.name, 0, kIsReturn, true));
  }
  return points;
}

template <bool kIsReturn>
Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool /*fields*/) {
  std::vector<sema::ListedProbe> listed;
  if (!kernel.HasKprobes()) return listed;
  const auto functions = MatchFunctions(kernel, ReadFunctionPattern(pattern));
  if (!functions) return listed;
  for (const kernel::KernelFunction& function : *functions) {
    const bool is_own = function.module == kVmlinux;
    listed.push_back({.name = fmt::format("{}:{}{}{}", kIsReturn ? "kretprobe" : "kprobe",
                                          is_own ? "" : function.module, is_own ? "" : ":", function.name),
                      .fields = {}});
  }
  return listed;
}

constexpr std::string_view kShortName[] = {"k"};
constexpr std::string_view kShortReturnName[] = {"kr"};

}  // namespace

const sema::ProbeType kKprobe{.name = "kprobe",
                              .short_names = kShortName,
                              .spec = "kprobe:[module:]function[+offset]",
                              .summary = "The entry of a kernel function, or an instruction in it; wildcards.",
                              .is_act = true,
                              .has_registers = true,
                              .has_function_arguments = true,
                              .is_in_function = true,
                              .expand = Expand<false>,
                              .list = List<false>};

const sema::ProbeType kKretprobe{.name = "kretprobe",
                                 .short_names = kShortReturnName,
                                 .spec = "kretprobe:[module:]function",
                                 .summary = "The return of a kernel function; wildcards.",
                                 .is_act = true,
                                 .has_registers = true,
                                 .has_return_value = true,
                                 .is_in_function = true,
                                 .expand = Expand<true>,
                                 .list = List<true>};

}  // namespace sonde::probes
