// Format files of tracepoints: Documentation/trace/events.rst of the kernel, kernel/trace/trace_events.c (f_show).
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "kernel/kernel_view.h"

namespace sonde::kernel {
namespace {

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<uint32_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Bytes of an element type whose size every 64-bit kernel shares; 0 for all others.
uint32_t ElementSize(std::string_view type) {
  struct Row {
    std::string_view type;
    uint32_t size;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {"char", 1},   {"unsigned char", 1}, {"signed char", 1},
      {"u8", 1},     {"__u8", 1},          {"uint8_t", 1},
      {"s8", 1},     {"bool", 1},          {"short", 2},
      {"u16", 2},    {"__u16", 2},         {"uint16_t", 2},
      {"__be16", 2}, {"__le16", 2},        {"unsigned short", 2},
      {"int", 4},    {"unsigned int", 4},  {"unsigned", 4},
      {"u32", 4},    {"__u32", 4},         {"uint32_t", 4},
      {"s32", 4},    {"__be32", 4},        {"__le32", 4},
      {"pid_t", 4},  {"long", 8},          {"unsigned long", 8},
      {"u64", 8},    {"__u64", 8},         {"uint64_t", 8},
      {"s64", 8},    {"long long", 8},     {"unsigned long long", 8},
  });
  if (type.ends_with('*')) return 8;
  const auto* row = std::ranges::find(kRows, type, &Row::type);
  return row == kRows.end() ? 0 : row->size;
}

// `[2][3]` → 6. Zero when a dimension is empty or a macro's name, as in `u8 x[SIZE_MACRO]` of older kernels.
uint32_t CountElements(std::string_view brackets) {
  uint32_t count = 1;
  while (!brackets.empty()) {
    size_t close = brackets.find(']');
    if (brackets.front() != '[' || close == std::string_view::npos) return 0;
    std::optional<uint32_t> dimension = ParseNumber(brackets.substr(1, close - 1));
    if (!dimension || __builtin_mul_overflow(count, *dimension, &count)) return 0;
    brackets = Trim(brackets.substr(close + 1));
  }
  return count;
}

// Takes `[…]…` off the end of `text`.
std::string_view TakeBrackets(std::string_view& text) {
  size_t start = text.size();
  while (start > 0 && text[start - 1] == ']') {
    size_t open = text.rfind('[', start - 1);
    if (open == std::string_view::npos) break;
    start = open;
  }
  std::string_view brackets = text.substr(start);
  text = Trim(text.substr(0, start));
  return brackets;
}

// `void (*function)(struct x *)`: the name stands inside, the rest is the type.
bool ParseFunctionPointer(std::string_view text, TracepointField& field) {
  size_t star = text.find("(*");
  if (star == std::string_view::npos) return false;
  size_t start = star + 2;
  size_t end = start;
  while (end < text.size() && IsNameChar(text[end])) ++end;
  field.name = text.substr(start, end - start);
  field.type = std::string(text.substr(0, start)) + std::string(text.substr(end));
  return !field.name.empty();
}

// `const char * filename`, `char comm[16]`, `__data_loc char[] name`: sets type, name and array.
bool ParseDeclaration(std::string_view text, TracepointField& field) {
  if (TakePrefix(text, "__data_loc ")) field.location = TracepointField::Location::kDataLoc;
  if (TakePrefix(text, "__rel_loc ")) field.location = TracepointField::Location::kRelLoc;
  text = Trim(text);
  if (ParseFunctionPointer(text, field)) return true;
  std::string_view brackets = TakeBrackets(text);
  size_t start = text.size();
  while (start > 0 && IsNameChar(text[start - 1])) --start;
  field.name = text.substr(start);
  text = Trim(text.substr(0, start));
  if (brackets.empty()) brackets = TakeBrackets(text);  // behind the type: `char[] name`
  field.type = text;
  field.is_array = !brackets.empty();
  if (field.is_array) field.element_count = CountElements(brackets);
  return !field.name.empty();
}

// Fills an array's length from the size of the field where the brackets do not hold a number.
void CompleteArray(TracepointField& field) {
  if (!field.is_array || field.element_count != 0 || field.location != TracepointField::Location::kInline) return;
  uint32_t element = ElementSize(field.type);
  if (element != 0) field.element_count = field.size / element;
}

// `field:DECLARATION;\toffset:N;\tsize:N;\tsigned:N;`. Nothing when it is not such a line.
std::optional<TracepointField> ParseField(std::string_view line) {
  TracepointField field;
  size_t end = line.find(';');
  if (end == std::string_view::npos || !ParseDeclaration(line.substr(0, end), field)) return std::nullopt;
  bool has_offset = false;
  bool has_size = false;
  while (end < line.size()) {
    line = Trim(line.substr(end + 1));
    end = line.find(';');
    if (end == std::string_view::npos) break;
    std::string_view value = line.substr(0, end);
    std::string_view number = value.substr(std::min(value.find(':'), value.size() - 1) + 1);
    std::optional<uint32_t> parsed = ParseNumber(number);
    if (!parsed) continue;
    if (value.starts_with("offset:")) {
      field.offset = *parsed;
      has_offset = true;
    } else if (value.starts_with("size:")) {
      field.size = *parsed;
      has_size = true;
    } else if (value.starts_with("signed:")) {
      field.is_signed = *parsed != 0;
    }
  }
  if (!has_offset || !has_size) return std::nullopt;
  CompleteArray(field);
  field.is_common = field.name.starts_with("common_");
  return field;
}

}  // namespace

Result<TracepointFormat> ParseTracepointFormat(std::string_view category, std::string_view text) {
  TracepointFormat format{.category = std::string(category), .name = {}, .id = 0, .fields = {}};
  bool has_id = false;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (TakePrefix(line, "field:")) {
      if (std::optional<TracepointField> field = ParseField(line)) format.fields.push_back(std::move(*field));
    } else if (TakePrefix(line, "name:")) {
      format.name = Trim(line);
    } else if (TakePrefix(line, "ID:")) {
      std::optional<uint32_t> id = ParseNumber(line);
      has_id = id.has_value();
      format.id = id.value_or(0);
    } else if (line.starts_with("print fmt:")) {
      break;
    }
  }
  if (has_id && !format.name.empty() && !format.fields.empty()) return format;
  return std::unexpected(Error{.operation = "read the format of tracepoint",
                               .object = format.category + ":" + format.name,
                               .reason = "the format file has no name, ID or fields"});
}

}  // namespace sonde::kernel
