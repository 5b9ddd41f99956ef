#include "sema/type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "image/names.h"

namespace sonde::sema {
namespace {

uint32_t AlignUp(uint32_t value, uint32_t align) { return (value + align - 1) / align * align; }

std::string PointerName(const Type& type) {
  std::string inner = type.element == nullptr ? "void" : Name(*type.element);
  return inner + (inner.ends_with('*') ? "*" : " *");
}

std::string TupleName(const Type& type) {
  std::string out = "(";
  for (const Field& field : type.fields) {
    if (out.size() > 1) out += ", ";
    if (!field.name.empty()) out += field.name + "=";
    out += Name(*field.type);
  }
  return out + (type.kind == TypeKind::kTuple && type.fields.size() == 1 ? ",)" : ")");
}

struct NamedInteger {
  std::string_view name;
  uint32_t bytes;
  bool is_signed;
};

constexpr std::array kIntegers = std::to_array<NamedInteger>({
    {"int8", 1, true},
    {"int16", 2, true},
    {"int32", 4, true},
    {"int64", 8, true},
    {"uint8", 1, false},
    {"uint16", 2, false},
    {"uint32", 4, false},
    {"uint64", 8, false},
    {"int8_t", 1, true},
    {"int16_t", 2, true},
    {"int32_t", 4, true},
    {"int64_t", 8, true},
    {"uint8_t", 1, false},
    {"uint16_t", 2, false},
    {"uint32_t", 4, false},
    {"uint64_t", 8, false},
    {"s8", 1, true},
    {"s16", 2, true},
    {"s32", 4, true},
    {"s64", 8, true},
    {"u8", 1, false},
    {"u16", 2, false},
    {"u32", 4, false},
    {"u64", 8, false},
    {"__s8", 1, true},
    {"__s16", 2, true},
    {"__s32", 4, true},
    {"__s64", 8, true},
    {"__u8", 1, false},
    {"__u16", 2, false},
    {"__u32", 4, false},
    {"__u64", 8, false},
    {"char", 1, true},
    {"signed char", 1, true},
    {"unsigned char", 1, false},
    {"short", 2, true},
    {"unsigned short", 2, false},
    {"int", 4, true},
    {"unsigned", 4, false},
    {"unsigned int", 4, false},
    {"long", 8, true},
    {"unsigned long", 8, false},
    {"long long", 8, true},
    {"unsigned long long", 8, false},
    {"long int", 8, true},
    {"size_t", 8, false},
    {"ssize_t", 8, true},
    {"uintptr_t", 8, false},
    {"intptr_t", 8, true},
    {"pid_t", 4, true},
    {"uid_t", 4, false},
    {"gid_t", 4, false},
    {"umode_t", 2, false},
    {"dev_t", 4, false},
    {"loff_t", 8, true},
    {"off_t", 8, true},
    {"key_t", 4, true},
    {"qid_t", 4, true},
    {"mqd_t", 4, true},
    {"clockid_t", 4, true},
    {"timer_t", 4, true},
    {"rwf_t", 4, true},
    {"aio_context_t", 8, false},
    {"old_uid_t", 2, false},
    {"key_serial_t", 4, true},
    {"sector_t", 8, false},
    {"gfp_t", 4, false},
    {"bool", 1, false},
});

}  // namespace

const Field* Type::FindField(std::string_view field_name) const {
  for (const Field& field : fields) {
    if (!field.name.empty() && field.name == field_name) return &field;
  }
  return nullptr;
}

std::string Name(const Type& type) {
  switch (type.kind) {
    case TypeKind::kUnknown:
      return "unknown";
    case TypeKind::kError:
      return "error";
    case TypeKind::kVoid:
      return "void";
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kInt:
      return fmt::format("{}int{}", type.is_signed ? "" : "u", type.size * 8);
    case TypeKind::kFloat:
      return type.size == 4 ? "float" : "double";
    case TypeKind::kEnum:
      return type.name.empty() ? "enum" : "enum " + type.name;
    case TypeKind::kPointer:
      return PointerName(type);
    case TypeKind::kString:
      return fmt::format("string[{}]", type.size);
    case TypeKind::kBuffer:
      if (type.rendering == image::ValueKind::kCall) return "call";
      return fmt::format("buffer[{}]", type.size - image::kBufferLengthBytes);
    case TypeKind::kArray:
      return fmt::format("{}[{}]", Name(*type.element), type.count);
    case TypeKind::kStruct:
      return type.name;
    case TypeKind::kTuple:
    case TypeKind::kRecord:
      return TupleName(type);
    case TypeKind::kProbe:
      return "probe name";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kRendered:
      return std::string(image::Name(type.rendering));
    case TypeKind::kArgs:
      return "args";
    case TypeKind::kAggregate:
      return "aggregation";
  }
  return "";
}

const Type* TypeTable::Intern(Type type, const std::string& key) {
  auto [entry, inserted] = by_key_.try_emplace(key, nullptr);
  if (inserted) entry->second = &types_.emplace_back(std::move(type));
  return entry->second;
}

const Type* TypeTable::Simple(TypeKind kind, uint32_t size) {
  return Intern({.kind = kind, .size = size, .align = std::max(size, 1U)},
                fmt::format("simple {}", static_cast<int>(kind)));
}

const Type* TypeTable::Timestamp(std::string format) {
  std::string key = "timestamp " + format;
  return Intern({.kind = TypeKind::kTimestamp, .size = 8, .align = 8, .format = std::move(format)}, key);
}

const Type* TypeTable::Rendered(image::ValueKind rendering, uint32_t size, std::string format) {
  std::string key = fmt::format("rendered {} {}", static_cast<int>(rendering), format);
  return Intern({.kind = TypeKind::kRendered,
                 .size = size,
                 .align = size % 8 == 0 ? 8U : 4U,
                 .format = std::move(format),
                 .rendering = rendering},
                key);
}

const Type* TypeTable::Int(uint32_t bytes, bool is_signed) {
  return Intern({.kind = TypeKind::kInt, .size = bytes, .align = bytes, .is_signed = is_signed},
                fmt::format("int {} {}", bytes, is_signed));
}

const Type* TypeTable::Float(uint32_t bytes) {
  return Intern({.kind = TypeKind::kFloat, .size = bytes, .align = bytes, .is_signed = true},
                fmt::format("float {}", bytes));
}

const Type* TypeTable::WideCInt() {
  return Intern({.kind = TypeKind::kInt, .size = 8, .align = 8, .is_c_int = true}, "int wide");
}

const Type* TypeTable::LiteralInt() {
  return Intern({.kind = TypeKind::kInt, .size = 8, .align = 8, .is_signed = true, .is_from_literal = true},
                "int literal");
}

const Type* TypeTable::String(uint32_t capacity) {
  return Intern({.kind = TypeKind::kString, .size = capacity, .align = 1}, fmt::format("string {}", capacity));
}

const Type* TypeTable::CharArray(uint32_t bytes) {
  return Intern({.kind = TypeKind::kString, .size = bytes, .align = 1, .is_char_array = true},
                fmt::format("chars {}", bytes));
}

const Type* TypeTable::Buffer(uint32_t capacity) {
  uint32_t size = image::kBufferLengthBytes + capacity;
  return Intern({.kind = TypeKind::kBuffer, .size = size, .align = 4}, fmt::format("buffer {}", size));
}

const Type* TypeTable::CallText() {
  uint32_t size = image::kBufferLengthBytes + image::kCallBytes;
  return Intern({.kind = TypeKind::kBuffer, .size = size, .align = 4, .rendering = image::ValueKind::kCall}, "call");
}

const Type* TypeTable::Pointer(const Type* element, AddressSpace space) {
  return Intern({.kind = TypeKind::kPointer, .size = 8, .align = 8, .space = space, .element = element},
                fmt::format("pointer {} {}", static_cast<const void*>(element), static_cast<int>(space)));
}

const Type* TypeTable::Array(const Type* element, uint32_t count) {
  return Intern({.kind = TypeKind::kArray,
                 .size = element->size * count,
                 .align = element->align,
                 .element = element,
                 .count = count},
                fmt::format("array {} {}", static_cast<const void*>(element), count));
}

// Gives each element its place, as C does in a struct.
const Type* TypeTable::Laid(Type type, const std::vector<const Type*>& elements, std::string key) {
  type.fields.resize(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    Field& field = type.fields[i];
    field.type = elements[i];
    type.align = std::max(type.align, field.type->align);
    field.offset = AlignUp(type.size, field.type->align);
    type.size = field.offset + field.type->size;
    key += fmt::format(" {} {}", field.name, static_cast<const void*>(field.type));
  }
  type.size = AlignUp(type.size, type.align);
  return Intern(std::move(type), key);
}

const Type* TypeTable::Tuple(const std::vector<const Type*>& elements) {
  return Laid({.kind = TypeKind::kTuple}, elements, "tuple");
}

const Type* TypeTable::Record(const std::vector<std::string>& names, const std::vector<const Type*>& elements) {
  Type type{.kind = TypeKind::kRecord};
  for (const std::string& name : names) type.fields.push_back({.name = name});
  return Laid(std::move(type), elements, "record");
}

const Type* TypeTable::TupleLike(const Type& form, const std::vector<const Type*>& elements) {
  if (form.kind == TypeKind::kTuple) return Tuple(elements);
  std::vector<std::string> names;
  for (const Field& field : form.fields) names.push_back(field.name);
  return Record(names, elements);
}

const Type* TypeTable::InSpace(const Type* type, AddressSpace space) {
  if (!type->IsPointer()) return type;
  return Pointer(type->element == nullptr ? nullptr : InSpace(type->element, space), space);
}

Type* TypeTable::Struct(const std::string& name, std::string_view variant) {
  std::string key = fmt::format("struct {} {}", name, variant);
  Intern({.kind = TypeKind::kStruct, .align = 8, .name = name}, key);
  return by_key_.at(key);
}

Type* TypeTable::Enum(const std::string& name, uint32_t bytes, bool is_signed, std::string_view variant) {
  std::string key = fmt::format("enum {} {}", name, variant);
  Intern({.kind = TypeKind::kEnum, .size = bytes, .align = bytes, .is_signed = is_signed, .name = name}, key);
  return by_key_.at(key);
}

const Type* TypeTable::FromName(std::string_view name, uint32_t max_strlen) {
  if (name == "bool" || name == "_Bool") return Bool();
  if (name == "string") return String(max_strlen);
  if (name == "void") return Void();
  for (const NamedInteger& integer : kIntegers) {
    if (integer.name == name) return Int(integer.bytes, integer.is_signed);
  }
  return nullptr;
}

}  // namespace sonde::sema
