// Casts.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

bool IsIntegerArray(const Type& type) { return type.kind == TypeKind::kArray && type.element->IsInteger(); }

bool IsByteArray(const Type& type) { return IsIntegerArray(type) && type.element->size == 1; }

// What has the bytes of an integer.
bool IsNumber(const Type& type) { return type.IsInteger() || type.kind == TypeKind::kEnum || type.IsPointer(); }

// Whether there is a cast between two types that are not both scalars; sizes are looked at apart.
bool IsCastable(const Type& from, const Type& to) {
  if (from.IsScalar() && to.IsScalar()) return true;
  if (&from == &to || (from.IsString() && to.IsString())) return true;
  if (IsIntegerArray(to)) return IsIntegerArray(from) || IsNumber(from) || (from.IsString() && IsByteArray(to));
  if (IsIntegerArray(from)) return IsNumber(to);
  if (!from.IsTuple() || from.kind != to.kind || from.fields.size() != to.fields.size()) return false;
  for (size_t i = 0; i < from.fields.size(); ++i) {
    if (from.fields[i].name != to.fields[i].name) return false;
    if (!IsCastable(*from.fields[i].type, *to.fields[i].type)) return false;
  }
  return true;
}

// Bytes are neither made up nor dropped between numbers and arrays.
bool HasOtherSize(const Type& from, const Type& to) {
  if (from.IsTuple()) {
    for (size_t i = 0; i < from.fields.size(); ++i) {
      if (HasOtherSize(*from.fields[i].type, *to.fields[i].type)) return true;
    }
    return false;
  }
  bool any_array = from.kind == TypeKind::kArray || to.kind == TypeKind::kArray;
  return any_array && !from.IsString() && from.size != to.size;
}

// The bits of an integer in the canonical extension of a narrower or wider type.
uint64_t Extend(uint64_t bits, const Type& type) {
  if (type.size >= 8) return bits;
  uint32_t unused = 64 - type.size * 8;
  bits <<= unused;
  return type.is_signed ? static_cast<uint64_t>(static_cast<int64_t>(bits) >> unused) : bits >> unused;
}

// Where a number leads when it is taken for an address: an argument of a system call, what was a pointer into user
// memory, and what was found in user memory, lead there.
AddressSpace SpaceOfNumber(const Expr& expr, const ArgsLayout* args, AddressSpace otherwise) {
  if (expr.type->IsPointer()) return expr.type->space;
  if (const auto* field = std::get_if<ArgsField>(&expr.node)) {
    return args->fields[field->field].syscall_argument >= 0 ? AddressSpace::kUser : otherwise;
  }
  if (const auto* load = std::get_if<Load>(&expr.node)) return load->pointer->type->space;
  if (const auto* convert = std::get_if<Convert>(&expr.node)) return SpaceOfNumber(*convert->operand, args, otherwise);
  const auto* binary = std::get_if<Binary>(&expr.node);
  if (binary == nullptr) return otherwise;
  AddressSpace left = SpaceOfNumber(*binary->left, args, otherwise);
  return left != otherwise ? left : SpaceOfNumber(*binary->right, args, otherwise);
}

}  // namespace

// `(uint8[])x`: as many elements as the value has bytes for.
const Type* Checker::ResolveArrayOver(const parser::TypeName& name, const Type& value) {
  const Type* element = ResolvePointerType(name);
  if (element == nullptr || element->kind == TypeKind::kUnknown) return element;
  if (element->size == 0 || value.size == 0 || value.size % element->size != 0) {
    Report(kTypeMismatch, name.span,
           fmt::format("{} has {} byte{}, which make no array of {}", Name(value), value.size,
                       value.size == 1 ? "" : "s", Name(*element)));
    return nullptr;
  }
  return types().Array(element, value.size / element->size);
}

ExprPtr Checker::CheckCast(const parser::TypeName& name, const parser::Expr& operand, Span span) {
  ExprPtr value = CheckPlace(operand);
  bool is_unsized = name.dimensions.size() == 1 && !name.dimensions[0];
  if (is_unsized && value->type->IsVague()) return value;
  const Type* type = is_unsized ? ResolveArrayOver(name, *value->type) : ResolveType(name);
  if (type == nullptr) return ErrorExpr(span);
  if (type->kind == TypeKind::kUnknown) return Make(span, type, Constant{0});
  if (value->type->is_char_array && type->IsArray() && type->element->size == 1 && type->size == value->type->size) {
    value->type = type;  // its bytes as they lie
    return value;
  }
  return CastTo(type, AsText(std::move(value)), span);
}

ExprPtr Checker::CastScalar(const Type* type, ExprPtr value, Span span) {
  // A pointer keeps the space that it came from: user pointers stay user pointers.
  if (type->IsPointer()) {
    type = types().InSpace(type, SpaceOfNumber(*value, scope_.args, scope_.probe_type->address_space));
  }
  if (const Constant* constant = value->AsConstant(); constant != nullptr && !type->IsPointer()) {
    if (type->kind == TypeKind::kBool) return MakeInt(span, constant->bits != 0 ? 1 : 0, type, false);
    return MakeInt(span, Extend(constant->bits, *type), type, false);
  }
  if (value->type == type) return value;
  return Make(span, type, Convert{std::move(value)});
}

ExprPtr Checker::CastTo(const Type* type, ExprPtr value, Span span) {
  const Type* from = value->type;
  if (from->IsVague()) return value;
  if (type->IsScalar() && from->IsScalar()) return CastScalar(type, std::move(value), span);
  if (type == from) return value;
  if (!IsCastable(*from, *type)) {
    Report(kTypeMismatch, span, fmt::format("there is no cast from {} to {}", Name(*from), Name(*type)));
    return ErrorExpr(span);
  }
  if (auto* tuple = std::get_if<Tuple>(&value->node)) {
    for (size_t i = 0; i < tuple->elements.size(); ++i) {
      Span element_span = tuple->elements[i]->span;
      tuple->elements[i] = CastTo(type->fields[i].type, std::move(tuple->elements[i]), element_span);
      if (tuple->elements[i]->type->IsVague()) return ErrorExpr(span);
    }
    value->type = type;
    return value;
  }
  bool is_power = type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8;
  if (value->is_literal && from->IsInteger() && type->kind == TypeKind::kArray && is_power) {
    value = Coerce(std::move(value), types().Int(type->size, from->is_signed), "the value");
    if (value->type->IsVague()) return value;
    from = value->type;
  }
  if (HasOtherSize(*from, *type)) {
    Diagnostic& error = Report(kTypeMismatch, span,
                               fmt::format("a cast from {} to {} needs equal sizes: {} and {} bytes", Name(*from),
                                           Name(*type), from->size, type->size));
    if (IsNumber(*from) && is_power) error.Hint(fmt::format("cast it to uint{} first", type->size * 8));
    return ErrorExpr(span);
  }
  return Make(span, type, Convert{std::move(value)});
}

}  // namespace sonde::sema
