#include "cheaders/c_types.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "cheaders/c_source.h"

namespace sonde::cheaders {
namespace {

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view WithoutQualifiers(std::string_view spelling) {
  while (TakePrefix(spelling, "const ") || TakePrefix(spelling, "volatile ")) {
  }
  return spelling;
}

uint64_t AtLeastZero(long long value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

}  // namespace

TypeDescriber::TypeDescriber(const Libclang& clang, CDeclarations& out) : clang_(clang), out_(out) {
  if (out_.types.empty()) out_.types.push_back({.kind = CKind::kVoid, .name = "void"});  // id 0
}

uint64_t TypeDescriber::SizeOf(CXType type) const { return AtLeastZero(clang_.clang_Type_getSizeOf(type)); }

CTypeId TypeDescriber::Add(CType type) {
  out_.types.push_back(std::move(type));
  return static_cast<CTypeId>(out_.types.size() - 1);
}

CTypeId TypeDescriber::Scalar(CXType type, CKind kind, bool is_signed) {
  auto [place, is_new] = scalars_.try_emplace(type.kind, 0);
  if (!is_new) return place->second;
  const std::string spelling = clang_.Text(clang_.clang_getTypeSpelling(type));
  place->second = Add(
      {.kind = kind, .name = std::string(WithoutQualifiers(spelling)), .size = SizeOf(type), .is_signed = is_signed});
  return place->second;
}

CTypeId TypeDescriber::Opaque(CXType type, CKind kind) {
  auto [place, is_new] = opaque_.try_emplace(clang_.Text(clang_.clang_getTypeSpelling(type)), 0);
  if (is_new) place->second = Add({.kind = kind, .name = place->first, .size = SizeOf(type)});
  return place->second;
}

CTypeId TypeDescriber::Pointer(CXType type) {
  const CTypeId element = Describe(clang_.clang_getPointeeType(type));
  auto [place, is_new] = pointers_.try_emplace(element, 0);
  if (is_new) {
    const std::string name = out_.types[element].name + " *";
    place->second = Add({.kind = CKind::kPointer, .name = name, .size = 8, .element = element});
  }
  return place->second;
}

CTypeId TypeDescriber::Array(CXType type) {
  const CTypeId element = Describe(clang_.clang_getArrayElementType(type));
  const uint64_t count = AtLeastZero(clang_.clang_getArraySize(type));
  auto [place, is_new] = arrays_.try_emplace({element, count}, 0);
  if (is_new) {
    const std::string name = out_.types[element].name + "[" + (count > 0 ? std::to_string(count) : "") + "]";
    const uint64_t size = SizeOf(type);
    place->second = Add({.kind = CKind::kArray, .name = name, .size = size, .element = element, .count = count});
  }
  return place->second;
}

CTypeId TypeDescriber::Tagged(CXType type, CXCursor declaration) {
  const CXCursor canonical = clang_.clang_getCanonicalCursor(declaration);
  const unsigned hash = clang_.clang_hashCursor(canonical);
  auto [first, last] = tagged_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    if (clang_.clang_equalCursors(at->second.first, canonical) != 0) return at->second.second;
  }
  CType described{.kind = CKind::kStruct, .size = SizeOf(type)};
  auto* by_tag = &out_.structs;
  const CXCursorKind kind = clang_.clang_getCursorKind(declaration);
  if (kind == CXCursor_UnionDecl) {
    described.kind = CKind::kUnion;
    by_tag = &out_.unions;
  } else if (kind == CXCursor_EnumDecl) {
    described.kind = CKind::kEnum;
    described.is_signed = out_.types[Describe(clang_.clang_getEnumDeclIntegerType(declaration))].is_signed;
    by_tag = &out_.enums;
  }
  // `struct x`; `x` for an anonymous one with a typedef; `struct (unnamed at …)` for one without any name.
  const std::string spelling = clang_.Text(clang_.clang_getTypeSpelling(type));
  std::string_view name = WithoutQualifiers(spelling);
  const bool has_tag = TakePrefix(name, "struct ") || TakePrefix(name, "union ") || TakePrefix(name, "enum ");
  if (IsIdentifier(name)) described.name = name;
  const CTypeId id = Add(std::move(described));
  if (has_tag && IsIdentifier(name)) by_tag->try_emplace(std::string(name), id);
  tagged_.emplace(hash, std::pair(canonical, id));
  const CXCursor definition = clang_.clang_getCursorDefinition(declaration);
  if (clang_.clang_Cursor_isNull(definition) == 0) pending_.emplace_back(definition, id);
  return id;
}

CTypeId TypeDescriber::Describe(CXType type) {
  type = clang_.clang_getCanonicalType(type);
  switch (type.kind) {
    case CXType_Void:
      return 0;
    case CXType_Bool:
      return Scalar(type, CKind::kBool, false);
    case CXType_Char_U:
    case CXType_UChar:
    case CXType_Char16:
    case CXType_Char32:
    case CXType_UShort:
    case CXType_UInt:
    case CXType_ULong:
    case CXType_ULongLong:
    case CXType_UInt128:
      return Scalar(type, CKind::kInt, false);
    case CXType_Char_S:
    case CXType_SChar:
    case CXType_WChar:
    case CXType_Short:
    case CXType_Int:
    case CXType_Long:
    case CXType_LongLong:
    case CXType_Int128:
      return Scalar(type, CKind::kInt, true);
    case CXType_Half:
    case CXType_Float16:
    case CXType_Float:
    case CXType_Double:
    case CXType_LongDouble:
    case CXType_Float128:
      return Scalar(type, CKind::kFloat, true);
    case CXType_Pointer:
    case CXType_BlockPointer:
      return Pointer(type);
    case CXType_ConstantArray:
    case CXType_IncompleteArray:
    case CXType_VariableArray:
      return Array(type);
    case CXType_Record:
    case CXType_Enum:
      return Tagged(type, clang_.clang_getTypeDeclaration(type));
    case CXType_FunctionProto:
    case CXType_FunctionNoProto:
      return Opaque(type, CKind::kFunction);
    case CXType_Atomic:
      return Describe(clang_.clang_Type_getValueType(type));
    default:  // libclang's enum, not ours: vectors, complex numbers and what later versions add
      return Opaque(type, CKind::kUnknown);
  }
}

CXVisitorResult TypeDescriber::VisitField(CXCursor field, CXClientData self) {
  static_cast<TypeDescriber*>(self)->AddField(field);
  return CXVisit_Continue;
}

void TypeDescriber::AddField(CXCursor field) {
  CField described;
  const std::string name = clang_.Text(clang_.clang_getCursorSpelling(field));
  if (IsIdentifier(name)) described.name = name;
  if (clang_.clang_Cursor_isBitField(field) != 0) {
    if (described.name.empty()) return;  // padding
    described.bit_width = static_cast<uint32_t>(AtLeastZero(clang_.clang_getFieldDeclBitWidth(field)));
  }
  const long long offset = clang_.clang_Cursor_getOffsetOfField(field);
  if (offset < 0) return;  // of a type that did not compile
  described.bit_offset = static_cast<uint32_t>(offset);
  described.type = Describe(clang_.clang_getCursorType(field));
  out_.types[current_record_].fields.push_back(std::move(described));
}

void TypeDescriber::DescribeRecord(CXCursor declaration, CTypeId id) {
  current_record_ = id;
  clang_.clang_Type_visitFields(clang_.clang_getCursorType(declaration), VisitField, this);
}

void TypeDescriber::DescribeEnum(CXCursor declaration, CTypeId id) {
  struct Visit {
    const Libclang& clang;
    CDeclarations& out;
    CTypeId id;
  } visit{clang_, out_, id};
  clang_.clang_visitChildren(
      declaration,
      [](CXCursor child, CXCursor, CXClientData data) {
        auto& [clang, out, type] = *static_cast<Visit*>(data);
        if (clang.clang_getCursorKind(child) != CXCursor_EnumConstantDecl) return CXChildVisit_Continue;
        const int64_t value = out.types[type].is_signed
                                  ? clang.clang_getEnumConstantDeclValue(child)
                                  : static_cast<int64_t>(clang.clang_getEnumConstantDeclUnsignedValue(child));
        const CEnumerator enumerator{.value = value, .type = type};
        out.enumerators.insert_or_assign(clang.Text(clang.clang_getCursorSpelling(child)), enumerator);
        return CXChildVisit_Continue;
      },
      &visit);
}

void TypeDescriber::Finish() {
  while (!pending_.empty()) {
    const auto [declaration, id] = pending_.front();
    pending_.pop_front();
    if (out_.types[id].kind == CKind::kEnum) {
      DescribeEnum(declaration, id);
    } else {
      DescribeRecord(declaration, id);
    }
  }
}

}  // namespace sonde::cheaders
