// Types as they are written, and what asks for them: sizeof, offsetof, container_of, typeof.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

constexpr int64_t kMaxElements = 65536;

std::string_view TagText(parser::TypeName::Tag tag) {
  switch (tag) {
    case parser::TypeName::Tag::kNone:
      return "";
    case parser::TypeName::Tag::kStruct:
      return "struct ";
    case parser::TypeName::Tag::kUnion:
      return "union ";
    case parser::TypeName::Tag::kEnum:
      return "enum ";
  }
  return "";
}

const parser::Expr& WithoutParentheses(const parser::Expr& expr) {
  const auto* paren = std::get_if<parser::Paren>(&expr.node);
  return paren == nullptr ? expr : WithoutParentheses(*paren->inner);
}

}  // namespace

const Type* Checker::PlainType(const Type* type) {
  if (type->is_char_array) return types().String(type->size);
  return type->is_from_literal ? types().Int64() : type->is_c_int ? types().Uint64() : type;
}

// Without its pointers and dimensions.
const Type* Checker::ResolveBaseType(const parser::TypeName& name, bool report) {
  if (name.typeof_type != nullptr) return ResolveType(*name.typeof_type, report);
  if (name.typeof_expr != nullptr) {
    const Type* type = CheckTypeOrValue(*name.typeof_expr);
    return type->kind == TypeKind::kError ? nullptr : PlainType(type);
  }
  if (name.is_tuple) {
    std::vector<const Type*> elements;
    for (const parser::TypeName& element : name.tuple) {
      elements.push_back(ResolveType(element, report));
      if (elements.back() == nullptr) return nullptr;
      if (elements.back()->kind == TypeKind::kUnknown) return elements.back();
      if (elements.back()->IsStruct() && RequireComplete(elements.back(), element.span) == nullptr) return nullptr;
    }
    return types().Tuple(elements);
  }
  const Type* type = ResolveTypeName(name.name, name.tag);
  if (type == nullptr && report) {
    Report(kUnknownType, name.span, fmt::format("unknown type '{}{}'", TagText(name.tag), name.name));
  }
  return type;
}

// Without its dimensions.
const Type* Checker::ResolvePointerType(const parser::TypeName& name, bool report) {
  const Type* type = ResolveBaseType(name, report);
  if (type == nullptr || type->kind == TypeKind::kUnknown) return type;
  for (int i = 0; i < name.pointer_depth; ++i) {
    // A pointer made from a plain number is taken for one of the kernel; casts of pointers keep their space.
    type = types().Pointer(type->kind == TypeKind::kVoid ? nullptr : type, AddressSpace::kKernel);
  }
  return type;
}

const Type* Checker::ResolveType(const parser::TypeName& name, bool report) {
  const Type* type = ResolvePointerType(name, report);
  if (type == nullptr || type->kind == TypeKind::kUnknown) return type;
  for (auto dimension = name.dimensions.rbegin(); dimension != name.dimensions.rend(); ++dimension) {
    std::optional<int64_t> count;
    if (*dimension) count = CheckLiteral(***dimension, "the number of elements");
    if (!count || *count <= 0 || *count > kMaxElements) {
      if (report) {
        Report(kOutOfRange, name.span,
               fmt::format("an array type needs a number of elements between 1 and {}", kMaxElements));
      }
      return nullptr;
    }
    auto elements = static_cast<uint32_t>(*count);
    bool is_string = name.name == "string" && name.pointer_depth == 0 && type->IsString();
    if (type->IsStruct() && RequireComplete(type, name.span) == nullptr) return nullptr;
    type = is_string ? types().String(elements) : types().Array(type, elements);
  }
  return type;
}

const Type* Checker::CheckTypeOrValue(const parser::Expr& arg) {
  const parser::Expr& inner = WithoutParentheses(arg);
  if (const auto* named = std::get_if<parser::TypeArgument>(&inner.node)) {
    const Type* type = ResolveType(named->type);
    return type == nullptr ? types().Error() : type;
  }
  const auto* id = std::get_if<parser::Identifier>(&inner.node);
  bool may_be_type = id != nullptr && FindBuiltin(id->name) == nullptr && !c_.enumerators.contains(id->name) &&
                     !c_.macros.contains(id->name);
  const Type* type = may_be_type ? ResolveTypeName(id->name, parser::TypeName::Tag::kNone) : nullptr;
  return type != nullptr ? type : CheckPlace(arg)->type;
}

ExprPtr Checker::CheckSizeof(const parser::Call& call, Span span) {
  if (call.args.size() != 1) {
    Report(kWrongArgumentCount, span, "sizeof takes one type or expression");
    return ErrorExpr(span);
  }
  const parser::Expr& arg = *call.args[0];
  const Type* type = CheckTypeOrValue(arg);
  if (type->IsVague()) return Make(span, type, Constant{0});
  type = CompleteStruct(type);
  if (type->size == 0 && !type->IsTuple()) {
    Report(kUnknownType, arg.span, fmt::format("the size of {} is not known", Name(*type)))
        .Hint("declare it, or #include the header that does");
    return ErrorExpr(span);
  }
  return MakeLiteral(span, type->size, false);
}

const Field* Checker::FindField(const Type* structure, std::string_view name, Span span) {
  if (const Field* field = structure->FindField(name)) return field;
  Diagnostic& error = Report(kUnknownField, span, fmt::format("{} has no field '{}'", structure->name, name));
  const std::string& nearest = NearestAt(span, name, [&] {
    std::vector<std::string> names;
    for (const Field& field : structure->fields) names.push_back(field.name);
    return names;
  });
  if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
  return nullptr;
}

std::optional<Checker::Place> Checker::WalkPath(const parser::Expr& path, const Type* root) {
  auto select = [&](Place place, std::string_view name, Span span) -> std::optional<Place> {
    if (!place.type->IsStruct()) {
      Report(kTypeMismatch, span, fmt::format("{} has no fields", Name(*place.type)));
      return std::nullopt;
    }
    if (RequireComplete(place.type, span) == nullptr) return std::nullopt;
    const Field* field = FindField(place.type, name, span);
    if (field == nullptr) return std::nullopt;
    if (field->bit_width > 0) {
      Report(kWrongArgument, span, fmt::format("'{}' is a bitfield, it does not begin at a byte", name));
      return std::nullopt;
    }
    return Place{field->type, place.offset + field->offset};
  };
  if (const auto* id = std::get_if<parser::Identifier>(&path.node)) return select({root, 0}, id->name, path.span);
  if (const auto* access = std::get_if<parser::FieldAccess>(&path.node); access != nullptr && !access->arrow) {
    std::optional<Place> base = WalkPath(*access->base, root);
    return base ? select(*base, access->field, access->field_span) : std::nullopt;
  }
  if (const auto* index = std::get_if<parser::Index>(&path.node)) {
    std::optional<Place> base = WalkPath(*index->base, root);
    std::optional<int64_t> position = CheckLiteral(*index->index, "the index");
    if (!base || !position) return std::nullopt;
    const Type* element = base->type->IsString() ? types().Int(1, true) : base->type->element;
    if ((base->type->IsArray() || base->type->IsString()) && *position >= 0 && *position <= kMaxElements) {
      return Place{element, base->offset + static_cast<uint64_t>(*position) * element->size};
    }
    Report(kTypeMismatch, path.span, fmt::format("{} has no such element", Name(*base->type)));
    return std::nullopt;
  }
  Report(kWrongArgument, path.span, "this must be the name of a field, as in a.b or a[1].b");
  return std::nullopt;
}

ExprPtr Checker::CheckOffsetof(const parser::Call& call, Span span) {
  if (call.args.size() != 2) {
    Report(kWrongArgumentCount, span, "offsetof takes a struct and a field").Hint("offsetof(struct task_struct, comm)");
    return ErrorExpr(span);
  }
  const Type* type = CheckTypeOrValue(*call.args[0]);
  if (type->IsVague()) return Make(span, type, Constant{0});
  if (type->IsPointer() && type->element != nullptr) type = type->element;
  std::optional<Place> place = WalkPath(*call.args[1], type);
  return place ? MakeLiteral(span, place->offset, false) : ErrorExpr(span);
}

ExprPtr Checker::CheckContainerOf(const parser::Call& call, Span span) {
  if (call.args.size() != 3) {
    Report(kWrongArgumentCount, span, "container_of takes a pointer, a struct and a field")
        .Hint("container_of($p, struct task_struct, tasks)");
    return ErrorExpr(span);
  }
  ExprPtr pointer = Check(*call.args[0]);
  const Type* type = CheckTypeOrValue(*call.args[1]);
  if (pointer->type->IsVague()) return pointer;
  if (type->IsVague()) return Make(span, type, Constant{0});
  if (!pointer->type->IsPointer()) {
    Report(kWrongArgument, call.args[0]->span,
           fmt::format("container_of takes a pointer, but this is {}", Name(*pointer->type)));
    return ErrorExpr(span);
  }
  std::optional<Place> place = WalkPath(*call.args[2], type);
  if (!place) return ErrorExpr(span);
  const Type* result = types().Pointer(type, pointer->type->space);
  ExprPtr start = Make(span, types().Uint64(),
                       Binary{BinaryOp::kSub, Coerce(std::move(pointer), types().Uint64(), "the pointer"),
                              MakeInt(span, place->offset, types().Uint64(), false)});
  return Coerce(std::move(start), result, "the pointer");
}

ExprPtr Checker::CheckTypeComparison(const parser::Binary& node, Span span) {
  if (node.op != BinaryOp::kEq && node.op != BinaryOp::kNe) return nullptr;
  const auto* left = std::get_if<parser::Call>(&WithoutParentheses(*node.left).node);
  const auto* right = std::get_if<parser::Call>(&WithoutParentheses(*node.right).node);
  if (left == nullptr || right == nullptr || left->name != "typeof" || right->name != "typeof") return nullptr;
  if (left->args.size() != 1 || right->args.size() != 1) {
    Report(kWrongArgumentCount, span, "typeof takes one type or expression");
    return ErrorExpr(span);
  }
  const Type* sides[2] = {CheckTypeOrValue(*left->args[0]), CheckTypeOrValue(*right->args[0])};
  for (const Type* side : sides) {
    if (side->IsVague()) return Make(span, side, Constant{0});
  }
  bool same = PlainType(sides[0]) == PlainType(sides[1]);
  return MakeInt(span, same == (node.op == BinaryOp::kEq) ? 1 : 0, types().Bool(), false);
}

}  // namespace sonde::sema
