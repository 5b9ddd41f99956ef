#include "output/value.h"

#include <arpa/inet.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <string>

#include "image/symbols.h"
#include "output/call.h"
#include "output/fraction.h"

namespace sonde::output {

using image::ValueField;
using image::ValueKind;
using image::ValueType;

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr size_t kMaxIntegerText = 24;  // longer than any 64-bit number in decimal or hexadecimal

void AppendEscaped(Buffer& out, unsigned char byte) {
  const std::array<char, 4> text{'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  out.Append({text.data(), text.size()});
}

// What a terminal may obey: C0 without line end and tab, DEL, and C1 as UTF-8 writes it (C2 80 to C2 9F).
size_t ControlLength(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x20) return byte == '\n' || byte == '\t' ? 0 : 1;
  if (byte == 0x7f) return 1;
  if (byte != 0xc2 || text.size() < 2) return 0;
  const auto next = static_cast<unsigned char>(text[1]);
  return next >= 0x80 && next < 0xa0 ? 2 : 0;
}

}  // namespace

void AppendSigned(Buffer& out, int64_t value) {
  char* start = out.Room(kMaxIntegerText);
  out.End(std::to_chars(start, start + kMaxIntegerText, value).ptr);
}

void AppendUnsigned(Buffer& out, uint64_t value) {
  char* start = out.Room(kMaxIntegerText);
  out.End(std::to_chars(start, start + kMaxIntegerText, value).ptr);
}

void AppendInteger(Buffer& out, int64_t value, bool is_signed) {
  if (is_signed) return AppendSigned(out, value);
  AppendUnsigned(out, static_cast<uint64_t>(value));
}

void AppendHex(Buffer& out, uint64_t value) {
  out.Append("0x");
  char* start = out.Room(kMaxIntegerText);
  out.End(std::to_chars(start, start + kMaxIntegerText, value, 16).ptr);
}

void AppendText(Buffer& out, std::string_view text, bool escape) {
  if (!escape) return out.Append(text);
  while (!text.empty()) {
    const size_t length = ControlLength(text);
    for (size_t i = 0; i < length; ++i) AppendEscaped(out, static_cast<unsigned char>(text[i]));
    if (length == 0) out.Append(text[0]);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void AppendBytes(Buffer& out, std::string_view bytes, BufferStyle style) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const bool is_printable = byte >= 0x20 && byte < 0x7f;
    if (style == BufferStyle::kMixed && is_printable) {
      out.Append(bytes[i]);
    } else if (style != BufferStyle::kHex) {
      AppendEscaped(out, byte);
    } else {
      if (i > 0) out.Append(' ');
      out.Append(kHexDigits[byte >> 4]);
      out.Append(kHexDigits[byte & 15]);
    }
  }
}

void AppendMacAddress(Buffer& out, Bytes address) {
  constexpr std::string_view kUpperDigits = "0123456789ABCDEF";
  for (size_t i = 0; i < 6; ++i) {
    const auto byte = std::to_integer<unsigned char>(address[i]);
    if (i > 0) out.Append(':');
    out.Append(kUpperDigits[byte >> 4]);
    out.Append(kUpperDigits[byte & 15]);
  }
}

void AppendInet(Buffer& out, Bytes address) {
  const auto family = static_cast<int>(LoadInteger(address.data(), 4, true));
  char text[INET6_ADDRSTRLEN];
  // A family that is neither has no text.
  if (inet_ntop(family, address.data() + image::kInetAddressOffset, text, sizeof text) != nullptr) out.Append(text);
}

BitfieldBytes ExtractBitfield(Bytes value, const ValueField& field, const ValueType& type) {
  const size_t first = field.offset + field.bit_offset / 8;
  const uint32_t shift = field.bit_offset % 8;
  unsigned __int128 bits = 0;
  for (size_t i = 0; i * 8 < shift + field.bit_width; ++i) {
    bits |= static_cast<unsigned __int128>(std::to_integer<uint64_t>(value[first + i])) << (8 * i);
  }
  const uint32_t unused = 64 - field.bit_width;
  uint64_t result = static_cast<uint64_t>(bits >> shift) << unused;
  result = type.is_signed ? static_cast<uint64_t>(static_cast<int64_t>(result) >> unused) : result >> unused;
  BitfieldBytes out;
  std::memcpy(out.bytes, &result, sizeof result);
  return out;
}

Bytes Values::FieldBytes(const ValueField& field, Bytes value, BitfieldBytes& storage) const {
  const ValueType& field_type = type(field.type);
  if (field.bit_width == 0) return value.subspan(field.offset, field_type.size);
  storage = ExtractBitfield(value, field, field_type);
  return storage.bytes;
}

std::optional<std::string_view> Values::Raw(const ValueType& type, Bytes value, Bytes record) const {
  const auto* chars = reinterpret_cast<const char*>(value.data());
  if (type.kind == ValueKind::kString) return std::string_view(chars, strnlen(chars, type.size));
  if (type.kind == ValueKind::kBuffer || type.kind == ValueKind::kCall) {
    uint32_t length = 0;
    std::memcpy(&length, chars, sizeof length);
    return std::string_view(chars + sizeof length, std::min<size_t>(length, type.size - sizeof length));
  }
  image::TailRef tail;
  std::memcpy(&tail, chars, sizeof tail);
  if (uint64_t{tail.offset} + tail.length > record.size()) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(record.data()) + tail.offset, tail.length);
}

std::string_view Values::Trailer(const ValueType& type, std::string_view text) const {
  const image::Options& options = image_.options;
  const bool has_limit =
      type.kind == ValueKind::kTailString || (type.kind == ValueKind::kString && type.size == options.max_strlen);
  if (!has_limit || text.size() + 1 != options.max_strlen) return {};
  return options.str_trunc_trailer;
}

std::string_view Values::EnumeratorName(const ValueType& type, int64_t value) const {
  for (const image::Enumerator& enumerator : type.enumerators) {
    if (enumerator.value == value) return enumerator.name;
  }
  return {};
}

std::string_view Values::ProbeName(uint32_t probe) const {
  if (probe >= image_.probe_names.size()) return "?";
  return image_.probe_names[probe];
}

std::string_view Values::UserName(uint32_t uid) {
  const auto [entry, is_new] = user_names_.try_emplace(uid);
  if (is_new) {
    const passwd* user = getpwuid(uid);
    entry->second = user != nullptr ? user->pw_name : std::to_string(uid);
  }
  return entry->second;
}

std::string Values::ProcessName(uint32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

bool Values::Append(Buffer& out, const ValueType& type, Bytes value, Bytes record) {
  const auto integer = [&] { return LoadInteger(value.data(), type.size, type.is_signed); };
  switch (type.kind) {
    case ValueKind::kNone:
      return true;
    case ValueKind::kBool:
      return out.Append(integer() != 0 ? "true" : "false"), true;
    case ValueKind::kInt:
      return AppendInteger(out, integer(), type.is_signed), true;
    case ValueKind::kEnum: {
      const std::string_view name = EnumeratorName(type, integer());
      if (name.empty()) return AppendInteger(out, integer(), type.is_signed), true;
      return out.Append(name), true;
    }
    case ValueKind::kPointer:
      return AppendHex(out, static_cast<uint64_t>(integer())), true;
    case ValueKind::kString:
    case ValueKind::kTailString: {
      const auto text = Raw(type, value, record);
      if (!text) return false;
      AppendText(out, *text, escape_);
      out.Append(Trailer(type, *text));
      return true;
    }
    case ValueKind::kBuffer:
    case ValueKind::kTailBuffer: {
      const auto bytes = Raw(type, value, record);
      if (bytes) AppendBytes(out, *bytes, BufferStyle::kMixed);
      return bytes.has_value();
    }
    case ValueKind::kArray:
      return AppendArray(out, type, value, record);
    case ValueKind::kStruct:
    case ValueKind::kRecord:
      return AppendStruct(out, type, value, record);
    case ValueKind::kTuple: {
      out.Append('(');
      const bool is_whole = AppendFields(out, type, value, record, ", ");
      // As it is written: a comma tells a tuple of one from a value in parentheses.
      if (type.fields.size() == 1) out.Append(',');
      out.Append(')');
      return is_whole;
    }
    case ValueKind::kProbe:
      return out.Append(ProbeName(static_cast<uint32_t>(integer()))), true;
    case ValueKind::kTimestamp:
      clock_.Append(out, type.format.empty() ? "%H:%M:%S" : std::string_view(type.format),
                    static_cast<uint64_t>(integer()));
      return true;
    case ValueKind::kFloat:
      return AppendFraction(out, LoadFloat(value.data(), type.size)), true;
    case ValueKind::kUsername:
      return out.Append(UserName(static_cast<uint32_t>(integer()))), true;
    case ValueKind::kProcessName:
      return AppendText(out, ProcessName(static_cast<uint32_t>(integer())), escape_), true;
    case ValueKind::kFlags:
      return out.Append(image::SymbolicText(type.format, static_cast<uint64_t>(integer()))), true;
    case ValueKind::kCall:
    case ValueKind::kTailCall: {
      const auto bytes = Raw(type, value, record);
      return bytes && AppendCall(out, *this, *bytes);
    }
    case ValueKind::kCgroupPath:
      return AppendText(out, cgroups_.Path(static_cast<uint64_t>(integer()), type.format), escape_), true;
    case ValueKind::kMacAddress:
      return AppendMacAddress(out, value), true;
    case ValueKind::kInet:
      return AppendInet(out, value), true;
    case ValueKind::kKernelStack:
    case ValueKind::kUserStack:
      return AppendStack(out, type, static_cast<image::StackId>(integer())), true;
    case ValueKind::kKernelSymbol: {
      const auto address = static_cast<uint64_t>(integer());
      return AppendSymbol(out, symbols_ == nullptr ? nullptr : &symbols_->KernelSymbol(address), address), true;
    }
    case ValueKind::kUserSymbol: {
      image::UserAddress at;
      std::memcpy(&at, value.data(), sizeof at);
      return AppendSymbol(out, symbols_ == nullptr ? nullptr : &symbols_->UserSymbol(at), at.address), true;
    }
  }
  return true;
}

bool Values::AppendFields(Buffer& out, const ValueType& type, Bytes value, Bytes record, std::string_view separator) {
  bool is_whole = true;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    if (i > 0) out.Append(separator);
    BitfieldBytes storage;
    const ValueField& field = type.fields[i];
    is_whole &= Append(out, this->type(field.type), FieldBytes(field, value, storage), record);
  }
  return is_whole;
}

void Values::AppendKey(Buffer& out, const image::MapSpec& map, Bytes key, std::string_view separator) {
  stack_indent_ = kKeyStackIndent;
  const ValueType& key_type = type(map.key_type);
  if (key_type.kind == ValueKind::kTuple) {
    AppendFields(out, key_type, key, {}, separator);
  } else {
    Append(out, key_type, key, {});
  }
  stack_indent_ = kStackIndent;
}

bool Values::AppendArray(Buffer& out, const ValueType& type, Bytes value, Bytes record) {
  const ValueType& element = this->type(type.element);
  bool is_whole = true;
  out.Append('[');
  for (uint32_t i = 0; i < type.count; ++i) {
    if (i > 0) out.Append(',');
    is_whole &= Append(out, element, value.subspan(size_t{i} * element.size, element.size), record);
  }
  out.Append(']');
  return is_whole;
}

bool Values::AppendStruct(Buffer& out, const ValueType& type, Bytes value, Bytes record) {
  bool is_whole = true;
  out.Append('{');
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const ValueField& field = type.fields[i];
    out.Append(i > 0 ? ", " : " ");
    // An anonymous struct or union has no name to show; its members stand in its own braces.
    if (!field.name.empty()) {
      out.Append('.');
      out.Append(field.name);
      out.Append(" = ");
    }
    BitfieldBytes storage;
    is_whole &= Append(out, this->type(field.type), FieldBytes(field, value, storage), record);
  }
  out.Append(" }");
  return is_whole;
}

}  // namespace sonde::output
