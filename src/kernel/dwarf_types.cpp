#include "kernel/dwarf_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace sonde::kernel {
namespace {

// BTF's limits: a count has 16 bits, the offset of a member beside a bitfield 24.
constexpr size_t kMaxMembers = 65535;
constexpr uint64_t kMaxBitOffset = (1 << 24) - 1;
constexpr int kMaxChain = 64;

constexpr uint32_t kSigned = 1;
constexpr uint32_t kBool = 4;

bool IsQualifier(int tag) {
  return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
         tag == DW_TAG_atomic_type || tag == DW_TAG_typedef || tag == DW_TAG_immutable_type ||
         tag == DW_TAG_packed_type || tag == DW_TAG_shared_type || tag == DW_TAG_template_alias;
}

bool IsAggregate(int tag) {
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

// Of a member, from the start of the struct, where it is a number.
std::optional<uint64_t> ByteOffset(const DwarfDie& member) {
  std::optional<Dwarf_Attribute> attribute = member.Find(DW_AT_data_member_location);
  if (!attribute) return 0;
  Dwarf_Word value = 0;
  if (member.libdw().dwarf_formudata(&*attribute, &value) == 0) return value;
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  if (member.libdw().dwarf_getlocation(&*attribute, &ops, &count) != 0 || count != 1) return std::nullopt;
  return ops[0].atom == DW_OP_plus_uconst ? std::optional<uint64_t>(ops[0].number) : std::nullopt;
}

// Which of several types of one name it is: C lets each source file have its own.
std::string Origin(const DwarfDie& type) {
  const char* file = type.libdw().dwarf_decl_file(type.raw());
  return fmt::format("{}:{} {}", file == nullptr ? "" : file, type.Unsigned(DW_AT_decl_line).value_or(0),
                     type.Unsigned(DW_AT_byte_size).value_or(0));
}

}  // namespace

std::string DwarfTypes::QualifiedName(const DwarfDie& type) {
  std::string name(type.name());
  if (name.empty()) return name;
  Dwarf_Die unit;
  if (type.libdw().dwarf_diecu(type.raw(), &unit, nullptr, nullptr) == nullptr) return name;
  const std::optional<uint64_t> language = DwarfDie(type.libdw(), unit).Unsigned(DW_AT_language);
  const bool is_c = language == DW_LANG_C89 || language == DW_LANG_C99 || language == DW_LANG_C11 ||
                    language == DW_LANG_C || language == 0x2c /* DW_LANG_C17 */;
  if (is_c) return name;
  Dwarf_Die* scopes = nullptr;
  const int count = type.libdw().dwarf_getscopes_die(type.raw(), &scopes);
  for (int i = 1; i < count; ++i) {
    const DwarfDie scope(type.libdw(), scopes[i]);
    const bool names = scope.tag() == DW_TAG_namespace || IsAggregate(scope.tag());
    if (!names) continue;
    const std::string_view outer = scope.name();
    name = fmt::format("{}::{}", outer.empty() ? "(anonymous namespace)" : outer, name);
  }
  std::free(scopes);
  return name;
}

std::optional<DwarfDie> DwarfTypes::Stripped(const DwarfDie& owner) {
  std::optional<DwarfDie> type = owner.Reference(DW_AT_type);
  for (int i = 0; type && IsQualifier(type->tag()) && i < kMaxChain; ++i) type = type->Reference(DW_AT_type);
  return type;
}

template <typename Make>
BtfId DwarfTypes::Once(const std::string& key, Make make) {
  if (auto known = by_key_.find(key); known != by_key_.end()) return known->second;
  const BtfId id = make();
  by_key_.emplace(key, id);
  return id;
}

BtfId DwarfTypes::TypeOf(const DwarfDie& owner) {
  const std::optional<DwarfDie> type = owner.Reference(DW_AT_type);
  return type ? Of(*type) : 0;
}

BtfId DwarfTypes::Of(const DwarfDie& type) {
  if (auto known = by_die_.find(type.identity()); known != by_die_.end()) return known->second;
  const BtfId id = Write(type);
  by_die_[type.identity()] = id;
  return id;
}

BtfId DwarfTypes::Write(const DwarfDie& type) {
  switch (type.tag()) {
    case DW_TAG_base_type:
      return Base(type);
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
    case DW_TAG_unspecified_type:  // of nullptr
      return Modifier(BtfKind::kPtr, type);
    case DW_TAG_const_type:
      return Modifier(BtfKind::kConst, type);
    case DW_TAG_volatile_type:
      return Modifier(BtfKind::kVolatile, type);
    case DW_TAG_restrict_type:
      return Modifier(BtfKind::kRestrict, type);
    case DW_TAG_typedef:
      return Named(BtfKind::kTypedef, type, {.size_or_type = TypeOf(type)});
    case DW_TAG_array_type:
      return Array(type);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
      return Aggregate(type);
    case DW_TAG_enumeration_type:
      return Enumeration(type);
    case DW_TAG_subroutine_type:
      return Once("function", [&] { return writer_.Add({.kind = BtfKind::kFuncProto}); });
    case DW_TAG_ptr_to_member_type:
      return IntegerOf(8);
    default:
      return IsQualifier(type.tag()) ? TypeOf(type) : 0;
  }
}

BtfId DwarfTypes::IntegerOf(uint32_t bytes) {
  return Once(fmt::format("int {}", bytes), [&] {
    return writer_.Add({.kind = BtfKind::kInt, .name = writer_.String("long"), .size_or_type = bytes,
                        .words = {kSigned << 24 | bytes * 8}});
  });
}

BtfId DwarfTypes::Base(const DwarfDie& type) {
  const auto size = static_cast<uint32_t>(type.Unsigned(DW_AT_byte_size).value_or(0));
  const uint64_t encoding = type.Unsigned(DW_AT_encoding).value_or(DW_ATE_unsigned);
  return Once(fmt::format("base {} {} {}", type.name(), encoding, size), [&] {
    const uint32_t name = writer_.String(type.name());
    if (encoding == DW_ATE_float || encoding == DW_ATE_decimal_float) {
      return writer_.Add({.kind = BtfKind::kFloat, .name = name, .size_or_type = size});
    }
    if (encoding == DW_ATE_complex_float) {
      const BtfId half = writer_.Add({.kind = BtfKind::kFloat, .name = name, .size_or_type = size / 2});
      return writer_.Add({.kind = BtfKind::kArray, .words = {half, IntegerOf(8), 2}});
    }
    const bool is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
    const uint32_t kind = encoding == DW_ATE_boolean ? kBool : is_signed ? kSigned : 0;
    return writer_.Add(
        {.kind = BtfKind::kInt, .name = name, .size_or_type = size, .words = {kind << 24 | (size * 8 & 0xff)}});
  });
}

// What it modifies may lead back to it, through a struct.
BtfId DwarfTypes::Modifier(BtfKind kind, const DwarfDie& type) {
  const BtfId target = type.tag() == DW_TAG_unspecified_type ? 0 : TypeOf(type);
  return Once(fmt::format("{} {}", static_cast<int>(kind), target),
              [&] { return writer_.Add({.kind = kind, .size_or_type = target}); });
}

BtfId DwarfTypes::Named(BtfKind kind, const DwarfDie& type, BtfWriter::Record record) {
  const std::string name = QualifiedName(type);
  return Once(fmt::format("{} {} {} {}", static_cast<int>(kind), name, Origin(type), record.size_or_type), [&] {
    record.kind = kind;
    record.name = writer_.String(name);
    return writer_.Add(std::move(record));
  });
}

BtfId DwarfTypes::Array(const DwarfDie& type) {
  std::vector<uint32_t> counts;
  type.EachChild([&](const DwarfDie& range) {
    if (range.tag() != DW_TAG_subrange_type) return true;
    std::optional<uint64_t> count = range.Unsigned(DW_AT_count);
    const std::optional<int64_t> last = count ? std::nullopt : range.Number(DW_AT_upper_bound);
    if (last) count = static_cast<uint64_t>(*last + 1);
    counts.push_back(static_cast<uint32_t>(std::min<uint64_t>(count.value_or(0), UINT32_MAX)));
    return true;
  });
  BtfId element = TypeOf(type);
  for (auto count = counts.rbegin(); count != counts.rend(); ++count) {
    element = Once(fmt::format("array {} {}", element, *count), [&] {
      const BtfId index = IntegerOf(8);
      return writer_.Add({.kind = BtfKind::kArray, .words = {element, index, *count}});
    });
  }
  return element;
}

BtfId DwarfTypes::Aggregate(const DwarfDie& type) {
  const bool is_union = type.tag() == DW_TAG_union_type;
  const std::string name = QualifiedName(type);
  if (type.Flag(DW_AT_declaration)) {
    return Once(fmt::format("declared {} {}", is_union, name), [&] {
      return writer_.Add({.kind = BtfKind::kFwd, .name = writer_.String(name), .flag = is_union});
    });
  }
  const BtfKind kind = is_union ? BtfKind::kUnion : BtfKind::kStruct;
  const std::string key = fmt::format("{} {} {}", static_cast<int>(kind), name, Origin(type));
  if (auto known = by_key_.find(key); !name.empty() && known != by_key_.end()) return known->second;
  const BtfId id = writer_.Reserve();
  by_die_[type.identity()] = id;
  if (!name.empty()) by_key_.emplace(key, id);
  Members members;
  AddMembers(type, 0, members);
  if (members.size() > kMaxMembers) members.resize(kMaxMembers);
  BtfWriter::Record record{.kind = kind,
                           .name = writer_.String(name),
                           .size_or_type = static_cast<uint32_t>(type.Unsigned(DW_AT_byte_size).value_or(0)),
                           .count = static_cast<uint32_t>(members.size())};
  record.flag = std::ranges::any_of(members, [](const Member& one) { return one.bit_size > 0; });
  for (const Member& one : members) {
    const auto offset = static_cast<uint32_t>(record.flag ? std::min(one.bit_offset, kMaxBitOffset) : one.bit_offset);
    record.words.insert(record.words.end(), {writer_.String(one.name), one.type, offset | one.bit_size << 24});
  }
  writer_.Set(id, std::move(record));
  return id;
}

void DwarfTypes::AddMembers(const DwarfDie& type, uint64_t base_bits, Members& members) {
  type.EachChild([&](const DwarfDie& child) {
    if (child.tag() == DW_TAG_inheritance) AddBase(child, base_bits, members);
    if (child.tag() == DW_TAG_member) AddMember(child, base_bits, members);
    return true;
  });
}

void DwarfTypes::AddBase(const DwarfDie& inheritance, uint64_t base_bits, Members& members) {
  const std::optional<uint64_t> offset = ByteOffset(inheritance);
  const std::optional<DwarfDie> base = Stripped(inheritance);
  // Where a virtual base lies is known only at run time.
  if (!base || !offset || inheritance.Unsigned(DW_AT_virtuality).value_or(0) != 0) return;
  Members inherited;
  AddMembers(*base, base_bits + *offset * 8, inherited);
  std::ranges::move(inherited, std::back_inserter(members));
}

void DwarfTypes::AddMember(const DwarfDie& member, uint64_t base_bits, Members& members) {
  if (member.Flag(DW_AT_external) || member.Flag(DW_AT_declaration)) return;  // static
  Member one{.name = std::string(member.name()), .type = TypeOf(member)};
  one.bit_size = static_cast<uint32_t>(member.Unsigned(DW_AT_bit_size).value_or(0)) & 0xff;
  const std::optional<uint64_t> bytes = ByteOffset(member);
  if (!bytes) return;
  one.bit_offset = base_bits + *bytes * 8;
  if (const auto bits = member.Unsigned(DW_AT_data_bit_offset)) one.bit_offset = base_bits + *bits;
  // The older form counts from the highest bit of the integer that holds it.
  if (const auto from_top = member.Unsigned(DW_AT_bit_offset)) {
    const std::optional<DwarfDie> type = Stripped(member);
    uint64_t held = member.Unsigned(DW_AT_byte_size).value_or(0);
    if (held == 0 && type) held = type->Unsigned(DW_AT_byte_size).value_or(0);
    one.bit_offset += held * 8 - *from_top - one.bit_size;
  }
  // What was there by this name came from a base, and is hidden now.
  std::erase_if(members, [&](const Member& other) { return !one.name.empty() && other.name == one.name; });
  members.push_back(std::move(one));
}

BtfId DwarfTypes::Enumeration(const DwarfDie& type) {
  struct Row {
    std::string name;
    int64_t value;
  };
  std::vector<Row> rows;
  type.EachChild([&](const DwarfDie& child) {
    if (child.tag() != DW_TAG_enumerator || rows.size() >= kMaxMembers) return true;
    rows.push_back({std::string(child.name()), child.Number(DW_AT_const_value).value_or(0)});
    return true;
  });
  const auto size = static_cast<uint32_t>(type.Unsigned(DW_AT_byte_size).value_or(4));
  const bool is_signed = std::ranges::any_of(rows, [](const Row& row) { return row.value < 0; });
  BtfWriter::Record record{.size_or_type = size, .count = static_cast<uint32_t>(rows.size()), .flag = is_signed};
  for (const Row& row : rows) {
    const auto value = static_cast<uint64_t>(row.value);
    record.words.insert(record.words.end(), {writer_.String(row.name), static_cast<uint32_t>(value)});
    if (size == 8) record.words.push_back(static_cast<uint32_t>(value >> 32));
  }
  const BtfKind kind = size == 8 ? BtfKind::kEnum64 : BtfKind::kEnum;
  if (!type.name().empty()) return Named(kind, type, std::move(record));
  record.kind = kind;
  return writer_.Add(std::move(record));
}

}  // namespace sonde::kernel
