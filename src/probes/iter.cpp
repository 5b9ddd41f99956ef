// iter: goes over objects of the kernel, once: tasks, their files, sockets …
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "base/suggest.h"
#include "kernel/btf.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Btf;
using kernel::BtfId;
using kernel::BtfKind;

// Each target has a function by whose prototype programs are checked, and a struct that is their context
// (DEFINE_BPF_ITER_FUNC in include/linux/bpf.h).
constexpr std::string_view kFunction = "bpf_iter_";
constexpr std::string_view kStruct = "bpf_iter__";

// These go over what is in one map, which the link has to name.
constexpr auto kOverOneMap = std::to_array<std::string_view>({"bpf_map_elem", "bpf_sk_storage_map", "sockmap"});

std::vector<std::string> Targets(const Btf& btf) {
  std::vector<std::string> targets;
  for (const Btf::Named& found : btf.FindAll(BtfKind::kStruct, kStruct)) {
    const std::string name(found.name.substr(kStruct.size()));
    if (btf.Find(BtfKind::kFunc, std::string(kFunction) + name)) targets.push_back(name);
  }
  std::ranges::sort(targets);
  return targets;
}

// The first member is about the walk; the one behind it is the object, null once more when the walk is over. A map's
// elements have the map there, and a key that is null.
std::vector<uint32_t> ObjectsOf(const Btf& btf, BtfId context) {
  std::vector<uint32_t> objects;
  const std::vector<kernel::BtfMember> members = btf.Members(context);
  for (size_t i = 1; i < members.size(); ++i) {
    if (i == 1 || btf.FindField(context, "key").value_or(Btf::FieldLocation{}).bit_offset == members[i].bit_offset) {
      objects.push_back(members[i].bit_offset / 8);
    }
  }
  return objects;
}

std::unique_ptr<sema::ArgsLayout> ContextOf(const std::string& target) {
  auto layout = std::make_unique<sema::ArgsLayout>();
  layout->fields.push_back({.name = "ctx", .c_type = fmt::format("struct {}{}", kStruct, target), .is_context = true});
  return layout;
}

void ReportUnknown(sema::ExpandContext& context, const parser::ProbeSpec& spec, const Btf& btf) {
  const std::string& target = spec.parts[1].text;
  Diagnostic& said = context.Missing(spec.span, fmt::format("the kernel has no iterator '{}'", target));
  const std::string nearest = NearestName(target, Targets(btf));
  said.Hint(nearest.empty() ? "sonde -l 'iter:*' lists what there is" : fmt::format("did you mean iter:{}?", nearest));
}

// A name is one below the place where the BPF file system is mounted by custom.
std::string PathOf(const std::string& pin) { return pin.starts_with('/') ? pin : "/sys/fs/bpf/" + pin; }

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  if (spec.parts.size() < 2 || spec.parts.size() > 3 || spec.parts.back().text.empty()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no iterator", spec.text))
        .Hint("iter:task, iter:task_file, iter:tcp …; sonde -l 'iter:*' lists them");
    return {};
  }
  const std::string& target = spec.parts[1].text;
  const Result<const Btf*> btf = context.kernel.KernelBtf();
  if (!btf) {
    context.diagnostics.Error(sema::kSystem, spec.span, btf.error().Message());
    return {};
  }
  const auto structure = (*btf)->Find(BtfKind::kStruct, std::string(kStruct) + target);
  if (!structure || !(*btf)->Find(BtfKind::kFunc, std::string(kFunction) + target)) {
    ReportUnknown(context, spec, **btf);
    return {};
  }
  if (std::ranges::find(kOverOneMap, target) != kOverOneMap.end()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span,
                              fmt::format("iter:{} goes over one map, which a script cannot name", target));
    return {};
  }
  std::vector<sema::ProbePoint> points;
  points.push_back({.name = fmt::format("iter:{}", target),
                    .hook = sema::HookIterator{.target = target,
                                               .objects = ObjectsOf(**btf, *structure),
                                               .pin = spec.parts.size() == 3 ? PathOf(spec.parts[2].text) : ""},
                    .args = ContextOf(target)});
  return points;
}

Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  std::vector<sema::ListedProbe> listed;
  const Result<const Btf*> btf = kernel.KernelBtf();
  if (!btf) return listed;
  for (const std::string& target : Targets(**btf)) {
    sema::ListedProbe probe{.name = fmt::format("iter:{}", target), .fields = {}};
    if (!GlobMatch(pattern, probe.name)) continue;
    const auto structure = (*btf)->Find(BtfKind::kStruct, std::string(kStruct) + target);
    for (const kernel::BtfMember& member :
         with_fields ? (*btf)->Members(*structure) : std::vector<kernel::BtfMember>()) {
      // Pointers stand in a union that makes them 64 bits wide.
      const bool is_wrapped = member.name.empty();
      const auto inner = is_wrapped ? (*btf)->Members((*btf)->Strip(member.type)) : std::vector{member};
      if (!inner.empty()) probe.fields.push_back(fmt::format("{} {}", (*btf)->CName(inner[0].type), inner[0].name));
    }
    listed.push_back(std::move(probe));
  }
  return listed;
}

constexpr std::string_view kShortNames[] = {"it"};

}  // namespace

const sema::ProbeType kIter{.name = "iter",
                            .short_names = kShortNames,
                            .spec = "iter:object[:pin]",
                            .summary = "Goes over objects of the kernel, once: tasks, files, sockets; ctx holds them.",
                            .has_user_context = false,
                            .expand = Expand,
                            .list = List};

}  // namespace sonde::probes
