// Fields, elements and what asks for types.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {

// A record's field that the format file declares as an enum which C or BTF knows.
const Type* Checker::EnumOfRecord(const ArgsFieldInfo& field) {
  constexpr std::string_view kTag = "enum ";
  std::string_view name = field.c_type;
  if (!name.starts_with(kTag) || field.type == nullptr || !field.type->IsInteger()) return nullptr;
  const Type* type = ResolveTypeName(name.substr(kTag.size()), parser::TypeName::Tag::kEnum);
  return type != nullptr && type->IsEnum() && type->size == field.type->size ? type : nullptr;
}

bool Checker::CanReadField(const ArgsFieldInfo& field) {
  const Type* type = TypeOfField(field);
  if (type == nullptr || type->kind == TypeKind::kVoid) return false;
  if (field.location && !field.location->problem.empty()) return false;
  // A value in registers that is no number is copied, so that its size must be known.
  return type->IsScalar() || (field.word < 0 && !type->IsFlexibleArray());
}

ExprPtr Checker::ReadField(uint32_t index, Span span) {
  const ArgsFieldInfo& field = scope_.args->fields[index];
  const Type* type = TypeOfField(field);
  if (field.location && !field.location->problem.empty()) {
    Report(kNotAvailable, span, fmt::format("{} cannot be read in {}: {}", field.name, scope_.probe_name,
                                            field.location->problem));
    return ErrorExpr(span);
  }
  if (!CanReadField(field)) return nullptr;
  if (!field.location || !field.location->is_memory) return Make(span, type, ArgsField{index});
  ExprPtr address = Make(span, types().Pointer(type, AddressSpace::kUser), ArgsField{index});
  return MakeLoad(span, type, std::move(address));
}

ExprPtr Checker::CheckNumberedArgument(std::string_view name, Span span) {
  if (scope_.args == nullptr) return ErrorExpr(span);  // the expansion has reported why
  const std::vector<ArgsFieldInfo>& fields = scope_.args->fields;
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return ReadField(i, span);
  }
  Diagnostic& error = Report(kUnknownField, span, fmt::format("{} has no {}", scope_.probe_name, name));
  error.Hint(fields.empty() ? "it has no arguments"
                            : fmt::format("its arguments are arg0{}", fields.size() == 1 ? " alone"
                                                                                        : " to " + fields.back().name));
  return ErrorExpr(span);
}

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
    if (field.name != name || field.is_return) continue;
    if (field.only_in_record) scope_.body->needs_record = true;
    if (field.exec == ArgsFieldInfo::Exec::kOther) scope_.body->needs_enter = true;
    ExprPtr value = ReadField(i, span);
    if (value == nullptr) return NotSupported(field_span, fmt::format("a field of type '{}'", field.c_type));
    const Type* enumeration = EnumOfRecord(field);
    return enumeration == nullptr ? std::move(value) : Coerce(std::move(value), enumeration, "the field");
  }
  std::vector<std::string> names;
  std::string listed;
  for (const ArgsFieldInfo& field : scope_.args->fields) {
    if (field.is_return) continue;
    names.push_back(field.name);
    if (!field.only_in_record) listed += (listed.empty() ? "" : ", ") + field.name;
  }
  Diagnostic& error = Report(kUnknownField, field_span, fmt::format("{} has no field '{}'", scope_.probe_name, name));
  const std::string& nearest = NearestAt(field_span, name, [&] { return names; });
  error.Hint(nearest.empty() ? fmt::format("its fields are: {}", listed) : fmt::format("did you mean '{}'?", nearest));
  return ErrorExpr(span);
}

ExprPtr Checker::CheckReturnValue(Span span) {
  if (scope_.args == nullptr) return nullptr;
  for (uint32_t i = 0; i < scope_.args->fields.size(); ++i) {
    const ArgsFieldInfo& field = scope_.args->fields[i];
    if (!field.is_return) continue;
    ExprPtr value = ReadField(i, span);
    if (value != nullptr && (value->type->IsScalar() || field.location)) return value;
    return NotSupported(span, fmt::format("a return value of type '{}'", field.c_type));
  }
  return nullptr;
}

ExprPtr Checker::CheckFieldAccess(const parser::FieldAccess& access, Span span) {
  const auto* id = std::get_if<parser::Identifier>(&access.base->node);
  if (id != nullptr && id->name == "args") return CheckArgsField(access.field, span, access.field_span);
  ExprPtr base = Check(*access.base);
  if (base->type->IsVague()) return base;
  const Type* type = base->type;
  bool through_pointer = type->IsPointer() && type->element != nullptr;
  const Type* structure = through_pointer ? type->element : type;
  if (structure->IsTuple()) return CheckTupleField(std::move(base), access, span);
  if (!structure->IsStruct()) {
    Report(kTypeMismatch, access.field_span, fmt::format("{} has no fields", Name(*type)))
        .Hint("cast it to a pointer to the struct that it points to: ((struct name *)x)->field");
    return ErrorExpr(span);
  }
  if (RequireComplete(structure, access.field_span) == nullptr) return ErrorExpr(span);
  const Field* field = FindField(structure, access.field, access.field_span);
  return field == nullptr ? ErrorExpr(span) : SelectField(std::move(base), *field, span);
}

ExprPtr Checker::SelectField(ExprPtr base, const Field& field, Span span) {
  if (field.type->kind == TypeKind::kVoid) return NotSupported(span, fmt::format("the type of '{}'", field.name));
  ExprPtr selected;
  if (base->type->IsPointer()) {
    selected = MakeLoad(span, field.type, std::move(base), &field);
  } else if (auto* load = std::get_if<Load>(&base->node)) {
    AddressSpace space = load->pointer->type->space;
    load->offset += field.offset;
    load->bit_offset = field.bit_offset;
    load->bit_width = field.bit_width;
    bool follows = field.type->IsPointer() && field.type->space == AddressSpace::kKernel;
    base->type = follows ? types().InSpace(field.type, space) : field.type;
    base->span = span;
    selected = std::move(base);
  } else {
    if (field.type->IsFlexibleArray()) {
      Report(kTypeMismatch, span, fmt::format("'{}' lies behind the struct, it is not part of a copy", field.name))
          .Hint("read it through a pointer to the struct");
      return ErrorExpr(span);
    }
    return Make(span, field.type,
                Member{.base = std::move(base),
                       .offset = field.offset,
                       .bit_offset = field.bit_offset,
                       .bit_width = field.bit_width});
  }
  // An array without a length is the place where it begins.
  if (field.type->IsFlexibleArray()) return AddressOfLoad(span, std::move(selected), field.type->element);
  return selected;
}

// `a[i]` of an array, or of text as an array of its bytes.
ExprPtr Checker::CheckElement(ExprPtr base, ExprPtr position, Span span) {
  const Type* type = base->type;
  const Type* element = type->IsString() ? types().Int(1, true) : type->element;
  uint32_t count = type->IsString() ? type->size : type->count;
  const Constant* constant = position->AsConstant();
  if (constant != nullptr && constant->bits >= count) {
    Report(kOutOfRange, position->span,
           fmt::format("the array has {} elements, there is no [{}]", count, static_cast<int64_t>(constant->bits)));
    return ErrorExpr(span);
  }
  auto* load = std::get_if<Load>(&base->node);
  if (load == nullptr) {
    position = Coerce(std::move(position), types().Uint64(), "the index");
    return Make(span, element, Member{.base = std::move(base), .index = std::move(position)});
  }
  AddressSpace space = load->pointer->type->space;
  if (constant != nullptr) {
    load->offset += static_cast<uint32_t>(constant->bits) * element->size;
  } else {
    if (load->index != nullptr) {
      ExprPtr start = AddressOfLoad(span, std::move(base), element);
      base = Make(span, element, Load{.pointer = std::move(start)});
      load = &std::get<Load>(base->node);
    }
    load->index = Coerce(std::move(position), types().Uint64(), "the index");
    load->scale = element->size;
  }
  base->type = element->space == AddressSpace::kKernel ? types().InSpace(element, space) : element;
  base->span = span;
  return base;
}

ExprPtr Checker::CheckIndex(const parser::Index& index, Span span) {
  ExprPtr base = CheckPlace(*index.base);
  ExprPtr position = CheckInteger(*index.index, "the index");
  if (base->type->IsVague()) return base;
  if (position->type->IsVague()) return position;
  const Type* type = base->type;
  if (type->kind == TypeKind::kTuple) {
    const Constant* constant = position->AsConstant();
    if (constant == nullptr || constant->bits >= type->fields.size()) {
      Report(kOutOfRange, index.index->span,
             fmt::format("a tuple is indexed by a literal below {}", type->fields.size()));
      return ErrorExpr(span);
    }
    const Field& field = type->fields[constant->bits];
    return Make(span, field.type, Member{.base = std::move(base), .offset = field.offset});
  }
  if (type->IsArray() || type->IsString()) return CheckElement(std::move(base), std::move(position), span);
  if (!type->IsPointer() || type->element == nullptr) {
    Report(kTypeMismatch, span, fmt::format("{} cannot be indexed", Name(*type)));
    return ErrorExpr(span);
  }
  if (RequireComplete(type->element, span) == nullptr) return ErrorExpr(span);
  ExprPtr element = MakeLoad(span, type->element, std::move(base));
  auto& load = std::get<Load>(element->node);
  load.index = Coerce(std::move(position), types().Uint64(), "the index");
  load.scale = type->element->size;
  return element;
}

}  // namespace sonde::sema
