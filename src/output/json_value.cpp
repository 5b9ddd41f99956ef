#include "output/json_value.h"

#include <fmt/format.h>

#include <iterator>

#include "output/fraction.h"

namespace sonde::output {

using image::ValueField;
using image::ValueKind;
using image::ValueType;

namespace {

// The length of the UTF-8 sequence that `text` starts with; 0 when it starts with none (cut, overlong, surrogate).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool is_overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool is_out_of_range = (lead == 0xed && byte(1) >= 0xa0) || (lead == 0xf4 && byte(1) >= 0x90);
  return is_overlong || is_out_of_range ? 0 : length;
}

void AppendJsonByte(Buffer& out, char c) {
  switch (c) {
    case '"':
      return out.Append("\\\"");
    case '\\':
      return out.Append("\\\\");
    case '\n':
      return out.Append("\\n");
    case '\r':
      return out.Append("\\r");
    case '\t':
      return out.Append("\\t");
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7f) return out.Append(c);
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
}

bool AppendJsonFields(Buffer& out, Values& values, const ValueType& type, Bytes value, Bytes record) {
  const bool has_names = type.kind != ValueKind::kTuple;
  bool is_whole = true;
  out.Append(has_names ? '{' : '[');
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const ValueField& field = type.fields[i];
    if (i > 0) out.Append(has_names ? ", " : ",");
    if (has_names) {
      AppendJsonString(out, field.name);
      out.Append(": ");
    }
    BitfieldBytes storage;
    is_whole &= AppendJsonValue(out, values, values.type(field.type), values.FieldBytes(field, value, storage), record);
  }
  out.Append(has_names ? '}' : ']');
  return is_whole;
}

bool AppendJsonElements(Buffer& out, Values& values, const ValueType& type, Bytes value, Bytes record) {
  const ValueType& element = values.type(type.element);
  bool is_whole = true;
  out.Append('[');
  for (uint32_t i = 0; i < type.count; ++i) {
    if (i > 0) out.Append(',');
    is_whole &= AppendJsonValue(out, values, element, value.subspan(size_t{i} * element.size, element.size), record);
  }
  out.Append(']');
  return is_whole;
}

// Without the escapes of Values::Append: JSON has its own.
bool AppendJsonText(Buffer& out, Values& values, const ValueType& type, Bytes value, Bytes record) {
  if (type.kind == ValueKind::kString || type.kind == ValueKind::kTailString) {
    const auto text = values.Raw(type, value, record);
    if (!text) return false;
    const std::string_view trailer = values.Trailer(type, *text);
    AppendJsonString(out, trailer.empty() ? *text : std::string(*text).append(trailer));
    return true;
  }
  Buffer text;
  const bool is_whole = values.Append(text, type, value, record);
  AppendJsonString(out, text.view());
  return is_whole;
}

}  // namespace

void AppendJsonString(Buffer& out, std::string_view text) {
  out.Append('"');
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      out.Append("\\ufffd");
    } else if (length == 1) {
      AppendJsonByte(out, text[0]);
    } else if (length == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0) {
      // C1 control characters, which a terminal may obey as well.
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(text[1]));
    } else {
      out.Append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.Append('"');
}

bool AppendJsonValue(Buffer& out, Values& values, const ValueType& type, Bytes value, Bytes record) {
  switch (type.kind) {
    case ValueKind::kNone:
      return out.Append("null"), true;
    case ValueKind::kFloat:
      return AppendJsonFraction(out, LoadFloat(value.data(), type.size)), true;
    case ValueKind::kBool:
    case ValueKind::kInt:
      return values.Append(out, type, value, record);
    case ValueKind::kEnum:
    case ValueKind::kPointer:
    case ValueKind::kString:
    case ValueKind::kTailString:
    case ValueKind::kBuffer:
    case ValueKind::kTailBuffer:
    case ValueKind::kProbe:
    case ValueKind::kTimestamp:
    case ValueKind::kUsername:
    case ValueKind::kProcessName:
    case ValueKind::kFlags:
    case ValueKind::kCall:
    case ValueKind::kTailCall:
    case ValueKind::kCgroupPath:
    case ValueKind::kMacAddress:
    case ValueKind::kInet:
    case ValueKind::kKernelStack:
    case ValueKind::kUserStack:
    case ValueKind::kKernelSymbol:
    case ValueKind::kUserSymbol:
      return AppendJsonText(out, values, type, value, record);
    case ValueKind::kArray:
      return AppendJsonElements(out, values, type, value, record);
    case ValueKind::kStruct:
    case ValueKind::kTuple:
    case ValueKind::kRecord:
      return AppendJsonFields(out, values, type, value, record);
  }
  return true;
}

}  // namespace sonde::output
