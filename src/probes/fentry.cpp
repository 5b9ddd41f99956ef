// fentry and fexit: the entry and the return of a kernel function, with its arguments as BTF declares them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/glob.h"
#include "kernel/btf.h"
#include "probes/btf_arguments.h"
#include "probes/kernel_function.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Btf;
using kernel::BtfId;
using kernel::BtfKind;

struct Function {
  std::string module;
  std::string name;
  const Btf* btf = nullptr;
  BtfId prototype = 0;
};

// The modules whose BTF is to be searched.
std::vector<std::string> Modules(kernel::KernelView& kernel, const FunctionPattern& pattern) {
  std::vector<std::string> modules = kernel.BtfModules();
  if (!pattern.module.empty()) {
    std::erase_if(modules, [&](const std::string& module) { return !GlobMatch(pattern.module, module); });
  }
  return modules;
}

// The first function of that name.
std::optional<Function> FindOne(kernel::KernelView& kernel, const FunctionPattern& pattern) {
  for (const std::string& module : Modules(kernel, pattern)) {
    const Result<const Btf*> btf = kernel.ModuleBtf(module);
    const auto id = btf ? (*btf)->Find(BtfKind::kFunc, pattern.function) : std::nullopt;
    if (id) return Function{module, pattern.function, *btf, (*btf)->Type(*id).target};
  }
  return std::nullopt;
}

// Those that can be traced; where the kernel does not tell, those that it has. Sorted by module and name.
std::vector<Function> FindAll(kernel::KernelView& kernel, const FunctionPattern& pattern) {
  const auto traceable = MatchFunctions(kernel, {.module = "", .function = pattern.function});
  std::set<std::string_view> names;
  for (const kernel::KernelFunction& function : traceable.value_or(std::vector<kernel::KernelFunction>())) {
    names.insert(function.name);
  }
  std::vector<Function> found;
  for (const std::string& module : Modules(kernel, pattern)) {
    const Result<const Btf*> btf = kernel.ModuleBtf(module);
    if (!btf) continue;
    const std::string_view prefix = std::string_view(pattern.function).substr(0, pattern.function.find_first_of("*?["));
    std::set<std::string_view> seen;
    for (const Btf::Named& function : (*btf)->FindAll(BtfKind::kFunc, prefix)) {
      if (!GlobMatch(pattern.function, function.name) || !seen.insert(function.name).second) continue;
      if (!names.empty() && !names.contains(function.name)) continue;
      found.push_back({module, std::string(function.name), *btf, (*btf)->Type(function.id).target});
    }
  }
  std::ranges::stable_sort(found, {}, [](const Function& function) {
    return std::pair(function.module != "vmlinux" ? function.module : "", function.name);
  });
  return found;
}

// fentry:bpf:function, fentry:bpf:id:function.
bool NamesBpf(const parser::ProbeSpec& spec) { return spec.parts.size() > 2 && spec.parts[1].text == "bpf"; }

std::vector<Function> FindInBpf(kernel::KernelView& kernel, std::string_view id, std::string_view name) {
  std::vector<Function> found;
  for (const kernel::BpfFunction& function : kernel.BpfFunctions()) {
    const std::string program = std::to_string(function.program);
    if (!GlobMatch(id, program) || !GlobMatch(name, function.name)) continue;
    found.push_back({fmt::format("bpf:{}", program), function.name, function.btf, function.prototype});
  }
  return found;
}

std::unique_ptr<sema::ArgsLayout> LayoutOf(const Function& function, bool is_return) {
  std::unique_ptr<sema::ArgsLayout> layout = ArgumentsOf(*function.btf, function.prototype, 0);
  const BtfId returned = function.btf->ReturnType(function.prototype);
  if (is_return && returned != 0) {
    layout->fields.push_back({.name = "retval",
                              .c_type = function.btf->CName(returned),
                              .btf = function.btf,
                              .btf_type = returned,
                              .is_return = true});
  }
  return layout;
}

template <bool kIsReturn>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  constexpr std::string_view kType = kIsReturn ? "fexit" : "fentry";
  std::optional<FunctionPattern> pattern = ReadFunctionPattern(spec);
  const bool in_bpf = NamesBpf(spec) && spec.parts.size() <= 4;
  if (in_bpf) pattern = FunctionPattern{.module = "bpf", .function = spec.parts.back().text};
  if (!pattern) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no function", spec.text))
        .Hint(fmt::format("{}:vfs_read", kType));
    return {};
  }
  const Result<const Btf*> btf = context.kernel.KernelBtf();
  if (!btf) {
    context.diagnostics.Error(sema::kSystem, spec.span, btf.error().Message());
    return {};
  }
  const bool is_pattern = HasWildcard(pattern->function) || in_bpf;
  std::vector<Function> functions;
  if (in_bpf) {
    functions = FindInBpf(context.kernel, spec.parts.size() == 4 ? spec.parts[2].text : "*", pattern->function);
  } else if (is_pattern) {
    functions = FindAll(context.kernel, *pattern);
  } else if (std::optional<Function> one = FindOne(context.kernel, *pattern)) {
    functions.push_back(std::move(*one));
  }
  if (functions.empty()) ReportMissingFunction(context, spec, *pattern);
  std::vector<sema::ProbePoint> points;
  for (const Function& function : functions) {
    points.push_back({.name = fmt::format("{}:{}:{}", kType, function.module, function.name),
                      .hook = sema::HookFunction{function.module, function.name, kIsReturn, is_pattern},
                      .args = context.wants_args ? LayoutOf(function, kIsReturn) : nullptr,
                      .function = function.name});
  }
  return points;
}

template <bool kIsReturn>
Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  std::vector<sema::ListedProbe> listed;
  std::vector<Function> functions = FindAll(kernel, ReadFunctionPattern(pattern));
  for (Function& function : FindInBpf(kernel, "*", "*")) {
    const std::string name = fmt::format("{}:{}:{}", kIsReturn ? "fexit" : "fentry", function.module, function.name);
    if (GlobMatch(pattern, name)) functions.push_back(std::move(function));
  }
  for (const Function& function : functions) {
    sema::ListedProbe probe{
        .name = fmt::format("{}:{}:{}", kIsReturn ? "fexit" : "fentry", function.module, function.name), .fields = {}};
    if (with_fields) {
      probe.fields = DescribeArguments(*function.btf, function.prototype, 0);
      const BtfId returned = function.btf->ReturnType(function.prototype);
      if (kIsReturn && returned != 0) probe.fields.push_back(fmt::format("{} retval", function.btf->CName(returned)));
    }
    listed.push_back(std::move(probe));
  }
  return listed;
}

constexpr std::string_view kEntryNames[] = {"f", "kfunc"};
constexpr std::string_view kReturnNames[] = {"fr", "kretfunc"};

}  // namespace

const sema::ProbeType kFentry{.name = "fentry",
                              .short_names = kEntryNames,
                              .spec = "fentry:[module:]function, fentry:bpf[:id]:function",
                              .summary = "The entry of a kernel function, with typed arguments; wildcards.",
                              .is_act = true,
                              .has_args = true,
                              .is_in_function = true,
                              .expand = Expand<false>,
                              .list = List<false>};

const sema::ProbeType kFexit{.name = "fexit",
                             .short_names = kReturnNames,
                             .spec = "fexit:[module:]function, fexit:bpf[:id]:function",
                             .summary = "The return of a kernel function, with typed arguments and value; wildcards.",
                             .is_act = true,
                             .has_args = true,
                             .is_in_function = true,
                             .expand = Expand<true>,
                             .list = List<true>};

}  // namespace sonde::probes
