// Pointers: reading through them, taking addresses, arithmetic.
//
// The address of a variable or of a map's value is a kernel address like any other, read by the same means; it is good
// until the body ends, or until the element is deleted.
#include <fmt/format.h>

#include <algorithm>

#include "sema/checker.h"

namespace sonde::sema {

ExprPtr Checker::MakeLoad(Span span, const Type* type, ExprPtr pointer, const Field* field) {
  // Pointers lead where they lie themselves, unless they are known to lead into user memory.
  if (type->IsPointer() && type->space == AddressSpace::kKernel) type = types().InSpace(type, pointer->type->space);
  Load load{.pointer = std::move(pointer)};
  if (field != nullptr) {
    load.offset = field->offset;
    load.bit_offset = field->bit_offset;
    load.bit_width = field->bit_width;
  }
  return Make(span, type, std::move(load));
}

ExprPtr Checker::AddressOfLoad(Span span, ExprPtr expr, const Type* element) {
  auto& load = std::get<Load>(expr->node);
  const Type* number = types().Uint64();
  const Type* result = types().Pointer(element, load.pointer->type->space);
  ExprPtr sum = Coerce(std::move(load.pointer), number, "the pointer");
  auto add = [&](ExprPtr more) { sum = Make(span, number, Binary{BinaryOp::kAdd, std::move(sum), std::move(more)}); };
  if (load.offset != 0) add(MakeInt(span, load.offset, number, false));
  if (load.index != nullptr) {
    ExprPtr scale = MakeInt(span, load.scale, number, false);
    add(Make(span, number, Binary{BinaryOp::kMul, std::move(load.index), std::move(scale)}));
  }
  return Coerce(std::move(sum), result, "the pointer");
}

ExprPtr Checker::CheckAddressOf(const parser::Expr& operand, Span span) {
  ExprPtr value = CheckPlace(operand);
  if (value->type->IsVague()) return value;
  const Type* type = value->type->is_char_array ? value->type : PlainType(value->type);
  const Type* result = types().Pointer(type, AddressSpace::kKernel);
  if (auto* variable = std::get_if<VariableRef>(&value->node)) return Make(span, result, AddressOf{*variable});
  if (auto* read = std::get_if<MapRead>(&value->node)) {
    const MapInfo& info = program_.maps[read->ref.map];
    if (info.aggregation == image::Aggregation::kNone) return Make(span, result, AddressOf{std::move(read->ref)});
    Report(kBadMapUse, span, fmt::format("{} holds an aggregation, which has a value on each CPU", info.name));
    return ErrorExpr(span);
  }
  if (auto* load = std::get_if<Load>(&value->node); load != nullptr && load->bit_width == 0) {
    return AddressOfLoad(span, std::move(value), type);
  }
  Report(kWrongArgument, span, "this has no address")
      .Hint("variables, values of maps and what a pointer leads to have one: &$x, &@m[k], &$p->field");
  return ErrorExpr(span);
}

// `p + n`, `n + p`, `p - n`, `p - q`; null for what is no such thing.
ExprPtr Checker::BuildPointerArithmetic(BinaryOp op, Span span, ExprPtr left, ExprPtr right) {
  const Type* type = left->type->IsPointer() ? left->type : right->type;
  uint64_t scale = 1;
  if (type->element != nullptr) {
    if (RequireComplete(type->element, span) == nullptr) return ErrorExpr(span);
    scale = std::max(type->element->size, 1U);
  }
  const Type* number = types().Uint64();
  if (left->type->IsPointer() && right->type->IsPointer()) {
    if (left->type->element != right->type->element) {
      Report(kTypeMismatch, span,
             fmt::format("a difference of pointers needs two of one type, these are {} and {}", Name(*left->type),
                         Name(*right->type)));
      return ErrorExpr(span);
    }
    const Type* distance = types().Int64();
    ExprPtr bytes = Make(span, distance,
                         Binary{op, Coerce(std::move(left), distance, "the pointer"),
                                Coerce(std::move(right), distance, "the pointer")});
    return BuildBinary(BinaryOp::kDiv, span, span, std::move(bytes), MakeInt(span, scale, distance, false));
  }
  if (!left->type->IsPointer()) std::swap(left, right);
  Span right_span = right->span;
  right = BuildBinary(BinaryOp::kMul, right_span, right_span, Coerce(std::move(right), number, "the offset"),
                      MakeInt(right_span, scale, number, false));
  ExprPtr sum = Make(span, number, Binary{op, Coerce(std::move(left), number, "the pointer"), std::move(right)});
  return Coerce(std::move(sum), type, "the sum");
}

}  // namespace sonde::sema
