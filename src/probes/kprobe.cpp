// kprobe and kretprobe: the entry of a kernel function and its return.
#include <fmt/format.h>

#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  // One line for the whole script: the reason is the same for every kprobe in it.
  for (const Diagnostic& said : context.diagnostics.all()) {
    if (said.id.name == sema::kProbeUnavailable.name) return {};
  }
  if (context.kernel.HasKprobes()) {
    context.diagnostics.Error(sema::kNotSupported, spec.span, spec.parts[0].text + " probes are not supported yet");
  } else {
    context.diagnostics.Error(
        sema::kProbeUnavailable, spec.span,
        fmt::format("{} cannot be attached: this kernel is built without kprobes (CONFIG_KPROBES)", spec.text));
  }
  return {};
}

constexpr std::string_view kShortName[] = {"k"};
constexpr std::string_view kShortReturnName[] = {"kr"};

}  // namespace

const sema::ProbeType kKprobe{.name = "kprobe",
                              .short_names = kShortName,
                              .spec = "kprobe:function[+offset]",
                              .summary = "The entry of a kernel function.",
                              .expand = Expand};

const sema::ProbeType kKretprobe{.name = "kretprobe",
                                 .short_names = kShortReturnName,
                                 .spec = "kretprobe:function",
                                 .summary = "The return of a kernel function.",
                                 .expand = Expand};

}  // namespace sonde::probes
