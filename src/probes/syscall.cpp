// syscall: a system call from its beginning to its end. One body, run at the end, with the arguments of the beginning.
//
// Names are those of the manual pages. The kernel's tracepoints spell a few otherwise, and those are taken too.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "base/suggest.h"
#include "probes/c_types.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::TracepointField;
using kernel::TracepointFormat;
using sema::ArgsFieldInfo;
using sema::ArgsLayout;

constexpr std::string_view kCategory = "syscalls";
constexpr std::string_view kEnter = "sys_enter_";

struct Alias {
  std::string_view name;
  std::string_view tracepoint;
};
constexpr auto kAliases = std::to_array<Alias>({
    {"stat", "newstat"},
    {"fstat", "newfstat"},
    {"lstat", "newlstat"},
    {"sendfile", "sendfile64"},
    {"uname", "newuname"},
    {"umount2", "umount"},
    {"_sysctl", "sysctl"},
});

// They end the task, or put back the registers of an interrupted one: no end of them is ever seen.
constexpr auto kEndless = std::to_array<std::string_view>({"exit", "exit_group", "rt_sigreturn"});

struct Syscall {
  std::string name;  // as the manual spells it
  std::string tracepoint;
  int number = 0;
};

bool IsEndless(std::string_view name) { return std::ranges::find(kEndless, name) != kEndless.end(); }

std::string ManualName(std::string_view tracepoint) {
  const auto* found = std::ranges::find(kAliases, tracepoint, &Alias::tracepoint);
  return std::string(found != kAliases.end() ? found->name : tracepoint);
}

// All that match, endless ones too, sorted by name.
Result<std::vector<Syscall>> Match(kernel::KernelView& kernel, std::string_view pattern) {
  const auto* alias = std::ranges::find(kAliases, pattern, &Alias::name);
  bool is_plain = !HasWildcard(pattern);
  std::string_view wanted = !is_plain ? "*" : alias != kAliases.end() ? alias->tracepoint : pattern;
  Result<std::vector<kernel::TracepointName>> names =
      kernel.MatchTracepoints(kCategory, std::string(kEnter) + std::string(wanted));
  if (!names) return std::unexpected(names.error());
  std::vector<Syscall> found;
  for (const kernel::TracepointName& name : *names) {
    std::string tracepoint = name.name.substr(kEnter.size());
    std::string manual = ManualName(tracepoint);
    if (!is_plain && !GlobMatch(pattern, manual) && !GlobMatch(pattern, tracepoint)) continue;
    std::optional<int> number = kernel.SyscallNumber(tracepoint);
    if (number) found.push_back({std::move(manual), std::move(tracepoint), *number});
  }
  std::ranges::sort(found, {}, &Syscall::name);
  return found;
}

// The format file gives each argument a register's width; its C type is in the declaration.
const sema::Type* ArgumentType(sema::TypeTable& types, const TracepointField& field) {
  PointerShape shape = ShapeOf(field.type);
  if (shape.depth > 0) return PointerType(types, shape, sema::AddressSpace::kUser);
  if (shape.pointee.starts_with("enum ")) return types.Int(4, false);
  const sema::Type* type = types.FromName(shape.pointee, 0);
  return type != nullptr && type->IsScalar() ? type : types.Int(8, field.is_signed);
}

ArgsFieldInfo::Exec ExecPart(const Syscall& call, std::string_view argument) {
  using Exec = ArgsFieldInfo::Exec;
  if (call.name != "execve" && call.name != "execveat") return Exec::kKept;
  if (argument == "filename") return Exec::kFileName;
  if (argument == "argv") return Exec::kArguments;
  return argument == "envp" ? Exec::kEnvironment : Exec::kOther;
}

// Arguments in the order of the registers. A kernel may add fields behind them, for strings that it copied.
std::vector<const TracepointField*> Arguments(const TracepointFormat& format) {
  std::vector<const TracepointField*> arguments;
  for (const TracepointField& field : format.fields) {
    bool is_argument = !field.is_common && field.name != "__syscall_nr" && arguments.size() < 6 &&
                       field.location == TracepointField::Location::kInline;
    if (is_argument) arguments.push_back(&field);
  }
  return arguments;
}

std::unique_ptr<ArgsLayout> LayoutOf(sema::TypeTable& types, const Syscall& call, const TracepointFormat& format) {
  auto layout = std::make_unique<ArgsLayout>();
  for (const TracepointField* field : Arguments(format)) {
    layout->fields.push_back({.name = field->name,
                              .c_type = field->type,
                              .type = ArgumentType(types, *field),
                              .syscall_argument = static_cast<int>(layout->fields.size()),
                              .exec = ExecPart(call, field->name)});
  }
  return layout;
}

void ReportMissing(sema::ExpandContext& context, const parser::ProbeSpec& spec, const std::string& name) {
  std::string message = fmt::format("no system call matches '{}'", name);
  Diagnostic& problem = context.Missing(spec.span, message);
  Result<std::vector<Syscall>> all = Match(context.kernel, "*");
  std::vector<std::string> names;
  if (all) {
    for (const Syscall& call : *all) names.push_back(call.name);
  }
  std::string nearest = HasWildcard(name) ? "" : NearestName(name, names);
  problem.Hint(nearest.empty() ? "sonde -l 'syscall:*' lists what there is"
                               : fmt::format("did you mean syscall:{}?", nearest));
}

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  if (spec.parts.size() != 2 || spec.parts[1].text.empty()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no system call", spec.text))
        .Hint("syscall:name, as in syscall:openat or syscall:open*");
    return {};
  }
  const std::string& name = spec.parts[1].text;
  Result<std::vector<Syscall>> calls = Match(context.kernel, name);
  if (!calls) {
    context.diagnostics.Error(sema::kSystem, spec.span, calls.error().Message());
    return {};
  }
  if (calls->empty()) ReportMissing(context, spec, name);
  std::vector<sema::ProbePoint> points;
  for (const Syscall& call : *calls) {
    if (IsEndless(call.name)) {
      if (HasWildcard(name)) continue;
      context.diagnostics
          .Error(sema::kBadProbe, spec.span, fmt::format("{} never returns, so that its body would never run", name))
          .Hint(fmt::format("its beginning is tracepoint:syscalls:sys_enter_{}", call.tracepoint));
      return {};
    }
    sema::ProbePoint point{.name = "syscall:" + call.name, .hook = sema::HookSyscallPair{call.number}};
    if (context.wants_args) {
      Result<const TracepointFormat*> format =
          context.kernel.Tracepoint(kCategory, std::string(kEnter) + call.tracepoint);
      if (!format) {
        context.diagnostics.Error(sema::kSystem, spec.span, format.error().Message());
        return {};
      }
      point.args = LayoutOf(context.types, call, **format);
    }
    points.push_back(std::move(point));
  }
  return points;
}

Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  size_t colon = pattern.find(':');
  Result<std::vector<Syscall>> calls = Match(kernel, colon == std::string_view::npos ? "*" : pattern.substr(colon + 1));
  if (!calls) return std::unexpected(calls.error());
  std::vector<sema::ListedProbe> listed;
  for (const Syscall& call : *calls) {
    if (IsEndless(call.name)) continue;
    sema::ListedProbe probe{.name = "syscall:" + call.name};
    if (with_fields) {
      Result<const TracepointFormat*> format = kernel.Tracepoint(kCategory, std::string(kEnter) + call.tracepoint);
      if (!format) return std::unexpected(format.error());
      for (const TracepointField* field : Arguments(**format)) {
        probe.fields.push_back(fmt::format("{} {}", field->type, field->name));
      }
      probe.fields.emplace_back("long retval");
    }
    listed.push_back(std::move(probe));
  }
  return listed;
}

}  // namespace

const sema::ProbeType kSyscall{.name = "syscall",
                               .spec = "syscall:name",
                               .summary = "A system call, with its arguments, result and time; runs when it ends.",
                               .is_act = true,
                               .has_args = true,
                               .has_return_value = true,
                               .returns_errors = true,
                               .has_elapsed_ns = true,
                               .expand = Expand,
                               .list = List};

}  // namespace sonde::probes
