// fentry and fexit: the entry and the return of a kernel function, with its arguments as BTF declares them. kcall: from
// the one to the other; by kprobes where BTF does not know the function.
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

enum class Part { kEntry, kReturn, kCall };

constexpr std::string_view NameOf(Part part) {
  return part == Part::kEntry ? "fentry" : part == Part::kReturn ? "fexit" : "kcall";
}

std::unique_ptr<sema::ArgsLayout> LayoutOf(const Function& function, Part part) {
  std::unique_ptr<sema::ArgsLayout> layout = ArgumentsOf(*function.btf, function.prototype, 0);
  const BtfId returned = function.btf->ReturnType(function.prototype);
  if (part != Part::kEntry && returned != 0) {
    layout->fields.push_back({.name = "retval",
                              .c_type = function.btf->CName(returned),
                              .btf = function.btf,
                              .btf_type = returned,
                              .is_return = true});
  }
  return layout;
}

// What a spec names; reports what is wrong.
std::optional<FunctionPattern> ReadPattern(sema::ExpandContext& context, const parser::ProbeSpec& spec, Part part) {
  if (NamesBpf(spec) && spec.parts.size() <= 4 && part != Part::kCall) {
    return FunctionPattern{.module = "bpf", .function = spec.parts.back().text};
  }
  std::optional<FunctionPattern> pattern = ReadFunctionPattern(spec);
  if (!pattern) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no function", spec.text))
        .Hint(fmt::format("{}:vfs_read", NameOf(part)));
  }
  return pattern;
}

std::vector<Function> Find(kernel::KernelView& kernel, const parser::ProbeSpec& spec, const FunctionPattern& pattern) {
  if (pattern.module == "bpf") {
    return FindInBpf(kernel, spec.parts.size() == 4 ? spec.parts[2].text : "*", pattern.function);
  }
  if (HasWildcard(pattern.function)) return FindAll(kernel, pattern);
  std::vector<Function> functions;
  if (std::optional<Function> one = FindOne(kernel, pattern)) functions.push_back(std::move(*one));
  return functions;
}

template <Part kPart>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const std::optional<FunctionPattern> pattern = ReadPattern(context, spec, kPart);
  if (!pattern) return {};
  const Result<const Btf*> btf = context.kernel.KernelBtf();
  if (!btf) {
    context.diagnostics.Error(sema::kSystem, spec.span, btf.error().Message());
    return {};
  }
  const std::vector<Function> functions = Find(context.kernel, spec, *pattern);
  if (functions.empty()) ReportMissingFunction(context, spec, *pattern);
  const bool is_pattern = HasWildcard(pattern->function) || pattern->module == "bpf";
  const bool wants_layout = context.wants_args || (kPart == Part::kCall && context.wants_retval);
  std::vector<sema::ProbePoint> points;
  for (const Function& function : functions) {
    points.push_back({.name = fmt::format("{}:{}:{}", NameOf(kPart), function.module, function.name),
                      .hook = sema::HookFunction{function.module, function.name, kPart != Part::kEntry, is_pattern,
                                                 kPart == Part::kCall},
                      .args = wants_layout ? LayoutOf(function, kPart) : nullptr,
                      .function = function.name});
  }
  return points;
}

// By breakpoints where BTF is silent: a kernel without it, or a function that it leaves out.
std::vector<sema::ProbePoint> ExpandCall(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const std::optional<FunctionPattern> pattern = ReadPattern(context, spec, Part::kCall);
  if (!pattern) return {};
  const bool has_btf = context.kernel.KernelBtf().has_value();
  const bool is_known = has_btf && !Find(context.kernel, spec, *pattern).empty();
  if (is_known || !context.kernel.HasKprobes()) return Expand<Part::kCall>(context, spec);
  if (context.wants_args) {
    context.diagnostics
        .Error(sema::kNotAvailable, spec.span,
               fmt::format("args is not known: the kernel's BTF does not tell of {}", pattern->function))
        .Hint("arg0 to arg9 are its arguments as numbers");
    return {};
  }
  const auto matches = MatchFunctions(context.kernel, *pattern);
  if (!matches || matches->empty()) ReportMissingFunction(context, spec, *pattern);
  std::vector<sema::ProbePoint> points;
  for (const kernel::KernelFunction& function : matches.value_or(std::vector<kernel::KernelFunction>())) {
    const bool is_own = function.module == "vmlinux";
    const std::string name = fmt::format("{}{}{}", is_own ? "" : function.module, is_own ? "" : ":", function.name);
    points.push_back({.name = "kcall:" + name,
                      .hook = sema::HookKprobe{.function = name,
                                               .is_return = true,
                                               .is_optional = HasWildcard(pattern->function),
                                               .is_call = true},
                      .function = std::string(function.name)});
  }
  return points;
}

template <Part kPart>
Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  std::vector<sema::ListedProbe> listed;
  std::vector<Function> functions = FindAll(kernel, ReadFunctionPattern(pattern));
  for (Function& function : kPart == Part::kCall ? std::vector<Function>() : FindInBpf(kernel, "*", "*")) {
    const std::string name = fmt::format("{}:{}:{}", NameOf(kPart), function.module, function.name);
    if (GlobMatch(pattern, name)) functions.push_back(std::move(function));
  }
  for (const Function& function : functions) {
    sema::ListedProbe probe{.name = fmt::format("{}:{}:{}", NameOf(kPart), function.module, function.name),
                            .fields = {}};
    if (with_fields) {
      probe.fields = DescribeArguments(*function.btf, function.prototype, 0);
      const BtfId returned = function.btf->ReturnType(function.prototype);
      if (kPart != Part::kEntry && returned != 0) {
        probe.fields.push_back(fmt::format("{} retval", function.btf->CName(returned)));
      }
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
                              .expand = Expand<Part::kEntry>,
                              .list = List<Part::kEntry>};

const sema::ProbeType kFexit{.name = "fexit",
                             .short_names = kReturnNames,
                             .spec = "fexit:[module:]function, fexit:bpf[:id]:function",
                             .summary = "The return of a kernel function, with typed arguments and value; wildcards.",
                             .is_act = true,
                             .has_args = true,
                             .is_in_function = true,
                             .expand = Expand<Part::kReturn>,
                             .list = List<Part::kReturn>};

const sema::ProbeType kKcall{.name = "kcall",
                             .spec = "kcall:[module:]function",
                             .summary = "A call of a kernel function, with its arguments, result and time; runs when "
                                        "it returns.",
                             .is_act = true,
                             .has_args = true,
                             .has_function_arguments = true,
                             .has_return_value = true,
                             .has_elapsed_ns = true,
                             .is_in_function = true,
                             .expand = ExpandCall,
                             .list = List<Part::kCall>};

}  // namespace sonde::probes
