#include "kernel/closed_tracefs.h"

#include <algorithm>
#include <string>

#include "base/glob.h"
#include "kernel/syscall_arguments.h"
#include "kernel/syscall_table.h"

namespace sonde::kernel {
namespace {

using Location = TracepointField::Location;

constexpr std::string_view kSyscalls = "syscalls";
constexpr std::string_view kEnter = "sys_enter_";
constexpr std::string_view kExit = "sys_exit_";

// struct trace_entry, which each record begins with.
void AddCommonFields(TracepointFormat& format) {
  const auto add = [&](const char* type, const char* name, uint32_t offset, uint32_t size, bool is_signed) {
    format.fields.push_back(
        {.type = type, .name = name, .offset = offset, .size = size, .is_signed = is_signed, .is_common = true});
  };
  add("unsigned short", "common_type", 0, 2, false);
  add("unsigned char", "common_flags", 2, 1, false);
  add("unsigned char", "common_preempt_count", 3, 1, false);
  add("int", "common_pid", 4, 4, true);
}

std::string Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

// "int dfd, const char * filename": a register's width each.
void AddArguments(std::string_view arguments, TracepointFormat& format) {
  uint32_t offset = 16;
  while (!arguments.empty()) {
    const size_t comma = std::min(arguments.find(','), arguments.size());
    const std::string one = Trim(arguments.substr(0, comma));
    const size_t blank = one.rfind(' ');
    format.fields.push_back(
        {.type = Trim(one.substr(0, blank)), .name = one.substr(blank + 1), .offset = offset, .size = 8});
    offset += 8;
    arguments.remove_prefix(std::min(comma + 1, arguments.size()));
  }
}

std::optional<TracepointFormat> SyscallFormat(std::string_view event) {
  const bool is_enter = event.starts_with(kEnter);
  if (!is_enter && !event.starts_with(kExit)) return std::nullopt;
  const auto arguments = SyscallArguments(event.substr(is_enter ? kEnter.size() : kExit.size()));
  if (!arguments) return std::nullopt;
  TracepointFormat format{.category = std::string(kSyscalls), .name = std::string(event)};
  AddCommonFields(format);
  format.fields.push_back({.type = "int", .name = "__syscall_nr", .offset = 8, .size = 4, .is_signed = true});
  if (is_enter) {
    AddArguments(*arguments, format);
  } else {
    format.fields.push_back({.type = "long", .name = "ret", .offset = 16, .size = 8, .is_signed = true});
  }
  return format;
}

TracepointField FieldOf(const Btf& btf, const BtfMember& member) {
  TracepointField field{.type = btf.CName(member.type),
                        .name = std::string(member.name),
                        .offset = member.bit_offset / 8,
                        .size = static_cast<uint32_t>(btf.SizeOf(member.type))};
  for (const auto& [prefix, location] :
       {std::pair<std::string_view, Location>{"__data_loc_", Location::kDataLoc}, {"__rel_loc_", Location::kRelLoc}}) {
    if (!field.name.starts_with(prefix)) continue;
    // What is behind it, BTF does not say; nearly all are texts.
    field.name.erase(0, prefix.size());
    field.type = "char";
    field.location = location;
    field.is_array = true;
    return field;
  }
  const BtfType type = btf.Type(btf.Strip(member.type));
  field.is_signed = type.is_signed;
  if (type.kind == BtfKind::kArray) {
    field.is_array = true;
    field.element_count = type.count;
    field.type = btf.CName(type.target);
    field.is_signed = btf.Type(btf.Strip(type.target)).is_signed;
  }
  return field;
}

}  // namespace

std::optional<TracepointFormat> FormatWithoutTracefs(const Btf* btf, std::string_view category,
                                                     std::string_view event) {
  if (category == kSyscalls) return SyscallFormat(event);
  const auto record = btf == nullptr ? std::nullopt : btf->Find(BtfKind::kStruct, "trace_event_raw_" + std::string(event));
  if (!record) return std::nullopt;
  TracepointFormat format{.category = std::string(category), .name = std::string(event)};
  AddCommonFields(format);
  for (const BtfMember& member : btf->Members(*record)) {
    if (member.name != "ent" && member.name != "__data" && !member.name.empty()) {
      format.fields.push_back(FieldOf(*btf, member));
    }
  }
  return format;
}

std::optional<std::vector<TracepointName>> MatchWithoutTracefs(const Btf* btf, std::string_view category,
                                                               std::string_view event) {
  std::vector<TracepointName> found;
  if (category == kSyscalls) {
    for (const SyscallRow& row : SyscallTable()) {
      if (!SyscallArguments(row.name)) continue;
      for (const std::string_view prefix : {kEnter, kExit}) {
        std::string name = std::string(prefix) + std::string(row.name);
        if (GlobMatch(event, name)) found.push_back({std::string(category), std::move(name)});
      }
    }
    std::ranges::sort(found);
    return found;
  }
  if (btf == nullptr || HasWildcard(category) || HasWildcard(event)) return std::nullopt;
  if (btf->Find(BtfKind::kTypedef, "btf_trace_" + std::string(event))) {
    found.push_back({std::string(category), std::string(event)});
  }
  return found;
}

}  // namespace sonde::kernel
