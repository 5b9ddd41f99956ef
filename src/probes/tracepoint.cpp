// tracepoint: the kernel's static events. Their arguments are what the event's format file states.
#include <fmt/format.h>

#include "base/glob.h"
#include "base/suggest.h"
#include "probes/bystander.h"
#include "probes/c_types.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::TracepointField;
using kernel::TracepointFormat;
using kernel::TracepointName;
using sema::ArgsFieldInfo;
using sema::ArgsLayout;

constexpr std::string_view kSyscalls = "syscalls";
constexpr std::string_view kEnter = "sys_enter_";
constexpr std::string_view kExit = "sys_exit_";

std::string Trim(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return std::string(text);
}

bool IsPowerOfTwoSize(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

const sema::Type* FieldType(sema::TypeTable& types, const TracepointField& field, bool is_syscall,
                            uint32_t max_strlen) {
  bool is_char = ShapeOf(field.type).pointee == "char" && ShapeOf(field.type).depth == 0;
  if (field.location != TracepointField::Location::kInline) return is_char ? types.String(max_strlen) : nullptr;
  if (field.is_array) {
    if (is_char) return types.String(field.size);
    if (field.element_count == 0 || !IsPowerOfTwoSize(field.size / field.element_count)) return nullptr;
    return types.Array(types.Int(field.size / field.element_count, field.is_signed), field.element_count);
  }
  PointerShape shape = ShapeOf(field.type);
  if (shape.depth > 0) {
    return PointerType(types, shape, is_syscall ? sema::AddressSpace::kUser : sema::AddressSpace::kKernel);
  }
  if (!IsPowerOfTwoSize(field.size)) return nullptr;
  if (field.type == "bool") return types.Bool();
  if (is_syscall && field.size == 8 && !field.is_signed) {
    const sema::Type* c_type = types.FromName(Trim(field.type), 0);
    if (c_type != nullptr && c_type->IsInteger() && c_type->size == 4 && c_type->is_signed) return types.WideCInt();
  }
  return types.Int(field.size, field.is_signed);
}

std::unique_ptr<ArgsLayout> LayoutOf(sema::TypeTable& types, const TracepointFormat& format, bool is_enter,
                                     bool is_exit, uint32_t max_strlen) {
  auto layout = std::make_unique<ArgsLayout>();
  int next_argument = 0;
  bool is_syscall = is_enter || is_exit;
  for (const TracepointField& field : format.fields) {
    // The kernel keeps the record's header from BPF programs; of it, common_pid is known from elsewhere.
    if (field.is_common && field.name != "common_pid") continue;
    ArgsFieldInfo info{.name = field.name,
                       .c_type = field.type,
                       .type = FieldType(types, field, is_syscall, max_strlen),
                       .record_offset = field.offset,
                       .record_size = field.size,
                       .is_thread_id = field.is_common};
    if (field.location == TracepointField::Location::kDataLoc) info.place = ArgsFieldInfo::Place::kDataLoc;
    if (field.location == TracepointField::Location::kRelLoc) info.place = ArgsFieldInfo::Place::kRelLoc;
    if (is_syscall && !field.is_common) {
      if (field.name == "__syscall_nr") {
        info.is_syscall_number = true;
      } else if (is_exit) {
        info.is_syscall_return = true;
      } else {
        info.syscall_argument = next_argument++;
        // A kernel may add fields behind the six registers, for strings that it copied: only the record has those.
        info.only_in_record = info.syscall_argument > 5 || info.place != ArgsFieldInfo::Place::kInline;
      }
    }
    layout->fields.push_back(std::move(info));
  }
  return layout;
}

void ReportMissing(sema::ExpandContext& context, const parser::ProbeSpec& spec, const std::string& category,
                   const std::string& event) {
  Diagnostic& said = context.Missing(spec.span, fmt::format("no tracepoint matches '{}:{}'", category, event));
  Result<std::vector<std::string>> categories = context.kernel.TracepointCategories();
  if (!categories || HasWildcard(event) || HasWildcard(category)) return;
  std::string near_category = NearestName(category, *categories);
  if (near_category.empty()) near_category = category;
  Result<std::vector<TracepointName>> names = context.kernel.MatchTracepoints(near_category, "*");
  if (!names) return;
  std::vector<std::string> events;
  for (const TracepointName& name : *names) events.push_back(name.name);
  std::string nearest = NearestName(event, events);
  if (nearest.empty()) {
    said.Hint(fmt::format("sonde -l 'tracepoint:{}:*' lists what there is", events.empty() ? "*" : near_category));
  } else {
    said.Hint(fmt::format("did you mean tracepoint:{}:{}?", near_category, nearest));
  }
}

// Adds the point of one event. Its format file is only read when the body reads `args`.
void AddPoint(sema::ExpandContext& context, const parser::ProbeSpec& spec, const TracepointName& name,
              std::vector<sema::ProbePoint>& points) {
  sema::ProbePoint point{.name = fmt::format("tracepoint:{}:{}", name.category, name.name)};
  bool is_enter = name.category == kSyscalls && name.name.starts_with(kEnter);
  bool is_exit = name.category == kSyscalls && name.name.starts_with(kExit);
  std::optional<int> number;
  if (is_enter || is_exit) {
    number = context.kernel.SyscallNumber(std::string_view(name.name).substr(is_enter ? kEnter.size() : kExit.size()));
  }
  uint32_t id = 0;
  if (context.wants_args) {
    Result<const TracepointFormat*> format = context.kernel.Tracepoint(name.category, name.name);
    if (!format) {
      context.diagnostics.Error(sema::kSystem, spec.span, format.error().Message());
      return;
    }
    id = (*format)->id;
    point.args = LayoutOf(context.types, **format, is_enter && number, is_exit && number, context.max_strlen);
  }
  if (number) {
    point.hook = sema::HookSyscall{is_exit, *number, id, name.name};
  } else {
    point.hook = sema::HookTracepoint{name.category, name.name, id};
    point.is_of_others = IsOfOthers(name.name);
  }
  points.push_back(std::move(point));
}

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  if (spec.parts.size() != 3 || spec.parts[1].text.empty() || spec.parts[2].text.empty()) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, fmt::format("'{}' names no tracepoint", spec.text))
        .Hint("tracepoint:category:event, as in tracepoint:syscalls:sys_enter_openat");
    return {};
  }
  const std::string& category = spec.parts[1].text;
  const std::string& event = spec.parts[2].text;
  std::vector<sema::ProbePoint> points;
  Result<std::vector<TracepointName>> names = context.kernel.MatchTracepoints(category, event);
  if (!names) {
    context.diagnostics.Error(sema::kSystem, spec.span, names.error().Message());
    return {};
  }
  if (names->empty()) ReportMissing(context, spec, category, event);
  for (const TracepointName& name : *names) AddPoint(context, spec, name, points);
  return points;
}

Result<std::vector<sema::ListedProbe>> List(kernel::KernelView& kernel, std::string_view pattern, bool with_fields) {
  std::string category = "*";
  std::string event = "*";
  size_t first = pattern.find(':');
  if (first != std::string_view::npos) {
    std::string_view rest = pattern.substr(first + 1);
    size_t second = rest.find(':');
    category = rest.substr(0, second);
    if (second != std::string_view::npos) event = rest.substr(second + 1);
  }
  Result<std::vector<TracepointName>> names = kernel.MatchTracepoints(category, event);
  if (!names) return std::unexpected(names.error());
  std::vector<sema::ListedProbe> listed;
  for (const TracepointName& name : *names) {
    sema::ListedProbe probe{.name = fmt::format("tracepoint:{}:{}", name.category, name.name)};
    if (with_fields) {
      Result<const TracepointFormat*> format = kernel.Tracepoint(name.category, name.name);
      if (!format) return std::unexpected(format.error());
      for (const TracepointField& field : (*format)->fields) {
        if (field.is_common) continue;
        std::string array = !field.is_array           ? ""
                            : field.element_count > 0 ? fmt::format("[{}]", field.element_count)
                                                      : "[]";
        probe.fields.push_back(fmt::format("{} {}{}", field.type, field.name, array));
      }
    }
    listed.push_back(std::move(probe));
  }
  return listed;
}

constexpr std::string_view kShortNames[] = {"t"};

}  // namespace

const sema::ProbeType kTracepoint{.name = "tracepoint",
                                  .short_names = kShortNames,
                                  .spec = "tracepoint:category:event",
                                  .summary = "A static event of the kernel; wildcards in category and event.",
                                  .is_act = true,
                                  .has_args = true,
                                  .expand = Expand,
                                  .list = List};

}  // namespace sonde::probes
