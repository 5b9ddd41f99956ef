// Tuples and records.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/suggest.h"
#include "sema/checker.h"

namespace sonde::sema {

// What is no value cannot be part of one.
ExprPtr Checker::CheckTupleElement(const parser::Expr& expr) {
  ExprPtr element = Check(expr);
  const Type* type = element->type;
  if (type->kind != TypeKind::kVoid && type->kind != TypeKind::kArgs && type->kind != TypeKind::kAggregate) {
    return element;
  }
  Report(kTypeMismatch, expr.span, fmt::format("a value of type {} cannot be part of a tuple", Name(*type)));
  return ErrorExpr(expr.span);
}

ExprPtr Checker::CheckTuple(const parser::Tuple& tuple, Span span) {
  std::vector<ExprPtr> elements;
  std::vector<const Type*> element_types;
  for (const parser::ExprPtr& element : tuple.elements) {
    elements.push_back(CheckTupleElement(*element));
    if (elements.back()->type->IsVague()) return Make(span, elements.back()->type, Constant{0});
    element_types.push_back(elements.back()->type);
  }
  return Make(span, types().Tuple(element_types), Tuple{std::move(elements)});
}

ExprPtr Checker::CheckRecord(const parser::Record& record, Span span) {
  std::vector<std::string> names;
  std::vector<ExprPtr> elements;
  std::vector<const Type*> element_types;
  for (const parser::Record::Field& field : record.fields) {
    if (std::ranges::find(names, field.name) != names.end()) {
      Report(kRedefined, field.name_span, fmt::format("this record has a '{}' already", field.name));
      return ErrorExpr(span);
    }
    names.push_back(field.name);
    elements.push_back(CheckTupleElement(*field.value));
    if (elements.back()->type->IsVague()) return Make(span, elements.back()->type, Constant{0});
    element_types.push_back(elements.back()->type);
  }
  return Make(span, types().Record(names, element_types), Tuple{std::move(elements)});
}

ExprPtr Checker::CheckTupleField(ExprPtr base, const parser::FieldAccess& access, Span span) {
  const Type* type = base->type->IsPointer() ? base->type->element : base->type;
  const Field* field = nullptr;
  if (type->kind == TypeKind::kRecord) {
    field = type->FindField(access.field);
  } else {
    size_t index = 0;
    const char* end = access.field.data() + access.field.size();
    auto [parsed, error] = std::from_chars(access.field.data(), end, index);
    if (error == std::errc() && parsed == end && index < type->fields.size()) field = &type->fields[index];
  }
  if (field != nullptr) return SelectField(std::move(base), *field, span);
  if (type->kind == TypeKind::kTuple) {
    Report(kUnknownField, access.field_span,
           fmt::format("this tuple has {} element{}, there is no .{}", type->fields.size(),
                       type->fields.size() == 1 ? "" : "s", access.field));
    return ErrorExpr(span);
  }
  std::vector<std::string> names;
  for (const Field& known : type->fields) names.push_back(known.name);
  Diagnostic& error = Report(kUnknownField, access.field_span, fmt::format("this record has no '{}'", access.field));
  std::string nearest = NearestName(access.field, names);
  error.Hint(nearest.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                             : fmt::format("did you mean '{}'?", nearest));
  return ErrorExpr(span);
}

}  // namespace sonde::sema
