// Fields, elements, casts and what asks for types.
#include <fmt/format.h>

#include <charconv>

#include "base/suggest.h"
#include "sema/checker.h"

namespace sonde::sema {
namespace {

std::vector<std::string> FieldNames(const Type& type) {
  std::vector<std::string> names;
  for (const Field& field : type.fields) names.push_back(field.name);
  return names;
}

}  // namespace

ExprPtr Checker::CheckArgsField(std::string_view name, Span span, Span field_span) {
  if (scope_.probe_type == nullptr || !scope_.probe_type->has_args) {
    Report(kNotAvailable, span,
           fmt::format("args is not available in {} probes",
                       scope_.probe_type == nullptr ? "these" : scope_.probe_type->name));
    return ErrorExpr(span);
  }
  if (scope_.args == nullptr) return ErrorExpr(span);  // the expansion has reported why
  for (uint32_t i = 0; i < scope_.args->fields.size(); ++i) {
    const ArgsFieldInfo& field = scope_.args->fields[i];
    if (field.name != name) continue;
    if (field.only_in_record) scope_.body->needs_record = true;
    if (field.type == nullptr) return NotSupported(field_span, fmt::format("a field of type '{}'", field.c_type));
    return Make(span, field.type, ArgsField{i});
  }
  std::vector<std::string> names;
  std::string listed;
  for (const ArgsFieldInfo& field : scope_.args->fields) {
    names.push_back(field.name);
    if (!field.only_in_record) listed += (listed.empty() ? "" : ", ") + field.name;
  }
  Diagnostic& error = Report(kUnknownField, field_span, fmt::format("{} has no field '{}'", scope_.probe_name, name));
  std::string nearest = NearestName(name, names);
  error.Hint(nearest.empty() ? fmt::format("its fields are: {}", listed) : fmt::format("did you mean '{}'?", nearest));
  return ErrorExpr(span);
}

ExprPtr Checker::CheckFieldAccess(const parser::FieldAccess& access, Span span) {
  const auto* id = std::get_if<parser::Identifier>(&access.base->node);
  if (id != nullptr && id->name == "args") return CheckArgsField(access.field, span, access.field_span);
  ExprPtr base = Check(*access.base);
  if (base->type->IsVague()) return base;
  const Type* type = base->type;
  if (type->kind == TypeKind::kTuple) {
    size_t index = 0;
    auto [end, error] = std::from_chars(access.field.data(), access.field.data() + access.field.size(), index);
    if (error != std::errc() || index >= type->fields.size()) {
      Report(kUnknownField, access.field_span,
             fmt::format("this tuple has {} elements, there is no .{}", type->fields.size(), access.field));
      return ErrorExpr(span);
    }
    const Field& field = type->fields[index];
    return Make(span, field.type, Member{.base = std::move(base), .offset = field.offset});
  }
  bool through_pointer = type->IsPointer() && type->element != nullptr;
  const Type* structure = CompleteStruct(through_pointer ? type->element : type);
  if (structure->kind != TypeKind::kStruct) {
    Report(kTypeMismatch, access.field_span, fmt::format("{} has no fields", Name(*type)))
        .Hint("cast it to a pointer to the struct that it points to: ((struct name *)x)->field");
    return ErrorExpr(span);
  }
  if (structure->fields.empty()) {
    Report(kUnknownType, access.field_span, fmt::format("the fields of {} are not known", structure->name))
        .Hint("declare it, or #include the header that does");
    return ErrorExpr(span);
  }
  const Field* field = structure->FindField(access.field);
  if (field == nullptr) {
    Diagnostic& error =
        Report(kUnknownField, access.field_span, fmt::format("{} has no field '{}'", structure->name, access.field));
    std::string nearest = NearestName(access.field, FieldNames(*structure));
    if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
    return ErrorExpr(span);
  }
  const Type* field_type = CompleteStruct(field->type);
  if (auto* load = std::get_if<Load>(&base->node); load != nullptr && !through_pointer && load->index == nullptr) {
    load->offset += field->offset;
    load->bit_offset = field->bit_offset;
    load->bit_width = field->bit_width;
    base->type = field_type;
    base->span = span;
    return base;
  }
  if (!through_pointer) return Make(span, field_type, Member{.base = std::move(base), .offset = field->offset});
  // Pointers inside a struct lead where the struct lies.
  if (field_type->IsPointer()) field_type = types().Pointer(field_type->element, type->space);
  return Make(span, field_type,
              Load{.pointer = std::move(base),
                   .offset = field->offset,
                   .bit_offset = field->bit_offset,
                   .bit_width = field->bit_width});
}

ExprPtr Checker::CheckIndex(const parser::Index& index, Span span) {
  ExprPtr base = Check(*index.base);
  ExprPtr position = CheckInteger(*index.index, "the index");
  if (base->type->IsVague()) return base;
  if (position->type->IsVague()) return position;
  const Type* type = base->type;
  const Constant* constant = position->AsConstant();
  if (type->kind == TypeKind::kTuple) {
    if (constant == nullptr || constant->bits >= type->fields.size()) {
      Report(kOutOfRange, index.index->span,
             fmt::format("a tuple is indexed by a literal below {}", type->fields.size()));
      return ErrorExpr(span);
    }
    const Field& field = type->fields[constant->bits];
    return Make(span, field.type, Member{.base = std::move(base), .offset = field.offset});
  }
  if (type->kind == TypeKind::kArray) {
    if (constant != nullptr && constant->bits >= type->count) {
      Report(kOutOfRange, index.index->span,
             fmt::format("the array has {} elements, there is no [{}]", type->count,
                         static_cast<int64_t>(constant->bits)));
      return ErrorExpr(span);
    }
    position = Coerce(std::move(position), types().Uint64(), "the index");
    return Make(span, type->element, Member{.base = std::move(base), .index = std::move(position)});
  }
  if (!type->IsPointer() || type->element == nullptr) {
    Report(kTypeMismatch, span, fmt::format("{} cannot be indexed", Name(*type)));
    return ErrorExpr(span);
  }
  position = Coerce(std::move(position), types().Uint64(), "the index");
  return Make(span, CompleteStruct(type->element), Load{.pointer = std::move(base), .index = std::move(position)});
}

const Type* Checker::ResolveType(const parser::TypeName& name, bool report) {
  const Type* type = nullptr;
  if (name.is_tuple || name.typeof_expr != nullptr || name.typeof_type != nullptr) {
    if (report) NotSupported(name.span, "this type");
    return nullptr;
  }
  type = ResolveTypeName(name.name, name.tag);
  if (type == nullptr) {
    if (report) Report(kUnknownType, name.span, fmt::format("unknown type '{}'", name.name));
    return nullptr;
  }
  for (int i = 0; i < name.pointer_depth; ++i) {
    // A pointer made from a plain number is taken for one of the kernel; casts of pointers keep their space.
    AddressSpace space = AddressSpace::kKernel;
    type = types().Pointer(type->kind == TypeKind::kVoid ? nullptr : type, space);
  }
  for (auto dimension = name.dimensions.rbegin(); dimension != name.dimensions.rend(); ++dimension) {
    std::optional<int64_t> count;
    if (*dimension) count = CheckLiteral(***dimension, "the number of elements");
    if (!count || *count <= 0 || *count > 65536) {
      if (report) Report(kOutOfRange, name.span, "an array type needs a number of elements between 1 and 65536");
      return nullptr;
    }
    auto elements = static_cast<uint32_t>(*count);
    bool is_string = name.name == "string" && name.pointer_depth == 0 && type->IsString();
    type = is_string ? types().String(elements) : types().Array(type, elements);
  }
  return type;
}

ExprPtr Checker::CheckCast(const parser::TypeName& name, const parser::Expr& operand, Span span) {
  const Type* type = ResolveType(name);
  ExprPtr value = Check(operand);
  if (type == nullptr) return ErrorExpr(span);
  return CastTo(type, std::move(value), span);
}

ExprPtr Checker::CastTo(const Type* type, ExprPtr value, Span span) {
  if (value->type->IsVague()) return value;
  if (!type->IsScalar() || !value->type->IsScalar()) {
    if (value->type == type) return value;
    return NotSupported(span, fmt::format("a cast from {} to {}", Name(*value->type), Name(*type)));
  }
  // A pointer keeps the space that it came from: user pointers stay user pointers.
  if (type->IsPointer() && value->type->IsPointer()) type = types().Pointer(type->element, value->type->space);
  if (const Constant* constant = value->AsConstant(); constant != nullptr && type->IsInteger()) {
    uint64_t bits = constant->bits;
    if (type->size < 8) {
      uint32_t unused = 64 - type->size * 8;
      bits <<= unused;
      bits = type->is_signed ? static_cast<uint64_t>(static_cast<int64_t>(bits) >> unused) : bits >> unused;
    }
    return MakeInt(span, bits, type, false);
  }
  if (value->type == type) return value;
  return Make(span, type, Convert{std::move(value)});
}

ExprPtr Checker::CheckSizeof(const parser::Call& call, Span span) {
  if (call.args.size() != 1) {
    Report(kWrongArgumentCount, span, "sizeof takes one type or expression");
    return ErrorExpr(span);
  }
  const parser::Expr& arg = *call.args[0];
  const Type* type = nullptr;
  if (const auto* named = std::get_if<parser::TypeArgument>(&arg.node)) {
    type = ResolveType(named->type);
    if (type == nullptr) return ErrorExpr(span);
  } else if (const auto* id = std::get_if<parser::Identifier>(&arg.node);
             id != nullptr && FindBuiltin(id->name) == nullptr) {
    type = ResolveTypeName(id->name, parser::TypeName::Tag::kNone);
  }
  if (type == nullptr) type = Check(arg)->type;
  if (type->IsVague()) return ErrorExpr(span);
  type = CompleteStruct(type);
  if (type->size == 0 && type->kind != TypeKind::kTuple) {
    Report(kUnknownType, arg.span, fmt::format("the size of {} is not known", Name(*type)))
        .Hint("declare it, or #include the header that does");
    return ErrorExpr(span);
  }
  return MakeLiteral(span, type->size, false);
}

ExprPtr Checker::CheckOffsetof(const parser::Call&, Span span) { return NotSupported(span, "offsetof"); }

}  // namespace sonde::sema
