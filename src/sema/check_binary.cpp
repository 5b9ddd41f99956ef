// Binary operators: folding, the sign rules, comparisons that can never hold.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

bool IsComparison(BinaryOp op) {
  return op == BinaryOp::kLt || op == BinaryOp::kLe || op == BinaryOp::kGt || op == BinaryOp::kGe ||
         op == BinaryOp::kEq || op == BinaryOp::kNe;
}

template <typename Int>
uint64_t FoldCompare(BinaryOp op, Int a, Int b) {
  if (op == BinaryOp::kLt) return a < b;
  if (op == BinaryOp::kLe) return a <= b;
  if (op == BinaryOp::kGt) return a > b;
  if (op == BinaryOp::kGe) return a >= b;
  if (op == BinaryOp::kEq) return a == b;
  return a != b;
}

uint64_t FoldDivision(BinaryOp op, uint64_t a, uint64_t b, bool is_signed) {
  bool divide = op == BinaryOp::kDiv;
  if (!is_signed) return divide ? a / b : a % b;
  auto x = static_cast<int64_t>(a);
  auto y = static_cast<int64_t>(b);
  if (y == -1) return divide ? 0 - a : 0;  // INT64_MIN / -1 wraps
  return static_cast<uint64_t>(divide ? x / y : x % y);
}

// Both sides and the result as 64-bit patterns; the divisor is not 0.
uint64_t Fold(BinaryOp op, uint64_t a, uint64_t b, bool is_signed) {
  switch (op) {
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kShl:
      return a << (b & 63);  // as BPF does
    case BinaryOp::kShr:
      if (is_signed) return static_cast<uint64_t>(static_cast<int64_t>(a) >> (b & 63));
      return a >> (b & 63);
    case BinaryOp::kBitAnd:
      return a & b;
    case BinaryOp::kBitXor:
      return a ^ b;
    case BinaryOp::kBitOr:
      return a | b;
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
      return FoldDivision(op, a, b, is_signed);
    case BinaryOp::kLt:
    case BinaryOp::kLe:
    case BinaryOp::kGt:
    case BinaryOp::kGe:
    case BinaryOp::kEq:
    case BinaryOp::kNe:
      return is_signed ? FoldCompare(op, static_cast<int64_t>(a), static_cast<int64_t>(b)) : FoldCompare(op, a, b);
    case BinaryOp::kLogicalAnd:
      return a != 0 && b != 0;
    case BinaryOp::kLogicalOr:
      return a != 0 || b != 0;
  }
  return 0;
}

bool IsNegativeLiteral(const Expr& expr) {
  const Constant* constant = expr.AsConstant();
  return constant != nullptr && expr.is_literal && expr.type->is_signed && static_cast<int64_t>(constant->bits) < 0;
}

bool IsZero(const Expr& expr) {
  const Constant* constant = expr.AsConstant();
  return constant != nullptr && constant->bits == 0;
}

// An unsigned value against a negative literal: says why the comparison is settled and what to write.
void WarnAboutSettled(Diagnostics& diagnostics, Span span, const Expr& value, bool holds, bool is_left) {
  Diagnostic& warning =
      diagnostics.Warning(kNeverTrue, span,
                          fmt::format("this comparison is {} true: the {} side is {}, which is not negative",
                                      holds ? "always" : "never", is_left ? "left" : "right", Name(*value.type)));
  if (value.type->is_c_int) {
    warning.Hint(
        "the format file states an unsigned 8-byte field for this int argument: compare (int32) of it, or use the "
        "value as it is seen there, 4294967296 more");
  } else {
    warning.Hint("cast it to a signed type, such as (int64)");
  }
}

// Whether an unsigned value on that side compares so with what is less than zero.
bool HoldsAgainstNegative(BinaryOp op, bool is_left) {
  if (op == BinaryOp::kNe) return true;
  return is_left ? op == BinaryOp::kGt || op == BinaryOp::kGe : op == BinaryOp::kLt || op == BinaryOp::kLe;
}

// The operator as it would be read in front of an operand.
std::optional<parser::UnaryOp> AsUnary(BinaryOp op) {
  if (op == BinaryOp::kSub) return parser::UnaryOp::kNegate;
  if (op == BinaryOp::kAdd) return parser::UnaryOp::kPlus;
  if (op == BinaryOp::kMul) return parser::UnaryOp::kDereference;
  if (op == BinaryOp::kBitAnd) return parser::UnaryOp::kAddressOf;
  return std::nullopt;
}

}  // namespace

// `(T) - x` parses as a subtraction; where T is a type it is a cast of `-x`.
const Type* Checker::TypeInParentheses(const parser::Expr& expr) {
  const auto* paren = std::get_if<parser::Paren>(&expr.node);
  const auto* id = paren == nullptr ? nullptr : std::get_if<parser::Identifier>(&paren->inner->node);
  bool is_value = id == nullptr || FindBuiltin(id->name) != nullptr || c_.macros.contains(id->name) ||
                  c_.enumerators.contains(id->name) || IsParameter(id->name);
  if (is_value) return nullptr;
  return ResolveTypeName(id->name, parser::TypeName::Tag::kNone);
}

ExprPtr Checker::CheckBinary(const parser::Binary& node, Span span) {
  if (const Type* type = TypeInParentheses(*node.left)) {
    std::optional<parser::UnaryOp> op = AsUnary(node.op);
    if (op && !std::holds_alternative<parser::Binary>(node.right->node)) {
      return CastTo(type, CheckUnary(*op, *node.right, node.right->span), span);
    }
    Report(kTypeMismatch, node.left->span, "this is a type; what it is applied to needs parentheses");
    return ErrorExpr(span);
  }
  if (node.op == BinaryOp::kLogicalAnd || node.op == BinaryOp::kLogicalOr) {
    const bool is_and = node.op == BinaryOp::kLogicalAnd;
    ExprPtr left = CheckCondition(*node.left);
    const Constant* known = left->AsConstant();
    const bool is_decided = known != nullptr && (known->bits != 0) != is_and;
    scope_.unreachable += is_decided ? 1 : 0;
    ExprPtr right = CheckCondition(*node.right);
    scope_.unreachable -= is_decided ? 1 : 0;
    if (left->type->IsVague()) return left;
    if (right->type->IsVague()) return right;
    if (left->AsConstant() != nullptr && right->AsConstant() != nullptr) {
      return MakeInt(span, Fold(node.op, left->AsConstant()->bits, right->AsConstant()->bits, false), types().Bool());
    }
    if (is_decided) return MakeInt(span, is_and ? 0 : 1, types().Bool());
    return Make(span, types().Bool(), Logical{is_and, std::move(left), std::move(right)});
  }
  if (ExprPtr compared = CheckTypeComparison(node, span)) return compared;
  return BuildBinary(node.op, node.op_span, span, Check(*node.left), Check(*node.right));
}

ExprPtr Checker::EnumAsInteger(ExprPtr value) {
  if (!value->type->IsEnum()) return value;
  const Constant* constant = value->AsConstant();
  if (constant == nullptr || !value->is_literal) {
    const Type* integer = types().Int(value->type->size, value->type->is_signed);
    return Coerce(std::move(value), integer, "the operand");
  }
  return MakeLiteral(value->span, constant->bits, value->type->is_signed && static_cast<int64_t>(constant->bits) < 0);
}

// The type as which two values in memory are compared; null when they are not of that kind. (Arrays are compared byte
// by byte: a `char` array equals one of `uint8`.)
const Type* Checker::ComparedInMemory(const Type* left, const Type* right) {
  if (left->IsTuple()) return Join(left, right);
  bool both_arrays = left->kind == TypeKind::kArray && right->kind == TypeKind::kArray;
  bool alike = both_arrays && left->element->IsInteger() && right->element->IsInteger() &&
               left->element->size == right->element->size && left->count == right->count;
  return alike ? left : nullptr;
}

ExprPtr Checker::BuildBinary(BinaryOp op, Span op_span, Span span, ExprPtr left, ExprPtr right) {
  if (left->type->IsVague()) return left;
  if (right->type->IsVague()) return right;
  bool is_equality = op == BinaryOp::kEq || op == BinaryOp::kNe;
  // A value that is printed by name is compared by name as well.
  auto take_name = [&](const Expr& value, ExprPtr& text) {
    const StringConstant* name = text->AsString();
    if (!is_equality || !value.type->IsEnum() || name == nullptr) return true;
    for (const auto& [number, known] : value.type->enumerators) {
      if (known != name->value) continue;
      text = MakeLiteral(text->span, static_cast<uint64_t>(number), number < 0);
      return true;
    }
    Report(kTypeMismatch, text->span, fmt::format("'{}' is no name of {}", name->value, Name(*value.type)));
    return false;
  };
  if (!take_name(*left, right) || !take_name(*right, left)) return ErrorExpr(span);
  left = EnumAsInteger(std::move(left));
  right = EnumAsInteger(std::move(right));
  if (left->type->IsString() && right->type->IsString()) {
    if (op == BinaryOp::kEq || op == BinaryOp::kNe) {
      if (left->AsString() != nullptr && right->AsString() != nullptr) {
        bool same = left->AsString()->value == right->AsString()->value;
        return MakeInt(span, same == (op == BinaryOp::kEq) ? 1 : 0, types().Bool());
      }
      return Make(span, types().Bool(), StringCompare{op == BinaryOp::kEq, std::move(left), std::move(right)});
    }
    Report(kTypeMismatch, op_span, "strings can only be compared by == and !=");
    return ErrorExpr(span);
  }
  const Type* compared = is_equality ? ComparedInMemory(left->type, right->type) : nullptr;
  if (compared != nullptr) {
    left = Coerce(std::move(left), compared, "the left side");
    right = Coerce(std::move(right), compared, "the right side");
    return Make(span, types().Bool(), MemoryCompare{op == BinaryOp::kEq, std::move(left), std::move(right), compared});
  }
  if (!left->type->IsScalar() || !right->type->IsScalar()) {
    Diagnostic& error =
        Report(kTypeMismatch, op_span,
               fmt::format("this operator does not take {} and {}", Name(*left->type), Name(*right->type)));
    bool pointer_and_string =
        (left->type->IsPointer() && right->type->IsString()) || (left->type->IsString() && right->type->IsPointer());
    if (pointer_and_string) error.Hint("read the pointer's text by str(…)");
    bool has_float = left->type->kind == TypeKind::kFloat || right->type->kind == TypeKind::kFloat;
    if (has_float) error.Hint("write the arithmetic into an argument of printf() that %f prints");
    return ErrorExpr(span);
  }
  bool comparison = IsComparison(op);
  bool moves = op == BinaryOp::kAdd || (op == BinaryOp::kSub && left->type->IsPointer());
  bool has_distance = left->type->IsInteger() || right->type->IsInteger() || op == BinaryOp::kSub;
  if (moves && has_distance && (left->type->IsPointer() || right->type->IsPointer())) {
    return BuildPointerArithmetic(op, span, std::move(left), std::move(right));
  }
  auto is_unsigned = [](const Expr& expr) { return !expr.type->is_signed && expr.type->kind != TypeKind::kBool; };
  // A bool counts as a small signed number, literal or not.
  auto is_literal = [](const Expr& expr) { return expr.is_literal && expr.type->kind != TypeKind::kBool; };
  bool result_signed = true;
  if (is_literal(*left) && is_literal(*right)) {
    result_signed = left->type->is_signed && right->type->is_signed;
  } else if (op == BinaryOp::kShl || op == BinaryOp::kShr) {
    result_signed = !is_unsigned(*left);
  } else if (is_literal(*left) || is_literal(*right)) {
    bool value_is_left = is_literal(*right);
    const Expr& literal = value_is_left ? *right : *left;
    ExprPtr& value = value_is_left ? left : right;
    bool negative = IsNegativeLiteral(literal);
    result_signed = is_unsigned(*value) ? negative : literal.type->is_signed;
    if (comparison && negative && is_unsigned(*value) && value->type->IsInteger()) {
      bool holds = HoldsAgainstNegative(op, value_is_left);
      WarnAboutSettled(diagnostics(), span, *value, holds, value_is_left);
      // Against zero it is settled likewise, and the value is still evaluated.
      ExprPtr zero = MakeInt(span, 0, types().Uint64());
      Binary settled{holds ? BinaryOp::kGe : BinaryOp::kLt, Coerce(std::move(value), types().Uint64(), "the value"),
                     std::move(zero)};
      return Make(span, types().Bool(), std::move(settled));
    }
  } else {
    result_signed = !(is_unsigned(*left) && is_unsigned(*right));
    bool mixed = is_unsigned(*left) != is_unsigned(*right);
    const Expr& unsigned_side = is_unsigned(*left) ? *left : *right;
    if (mixed && unsigned_side.type->size == 8 && unsigned_side.type->IsInteger()) {
      diagnostics().Warning(kMixedSign, span,
                            fmt::format("{} and {} have different signs; both are taken as int64", Name(*left->type),
                                        Name(*right->type)));
    }
  }
  if ((op == BinaryOp::kDiv || op == BinaryOp::kMod) && IsZero(*right)) {
    Report(kDivisionByZero, span, "division by zero");
    return ErrorExpr(span);
  }
  if (is_literal(*left) && is_literal(*right) && left->AsConstant() != nullptr && right->AsConstant() != nullptr) {
    uint64_t bits = Fold(op, left->AsConstant()->bits, right->AsConstant()->bits, result_signed);
    if (comparison) return MakeInt(span, bits, types().Bool(), false);
    return MakeLiteral(span, bits, result_signed && static_cast<int64_t>(bits) < 0);
  }
  const Type* operand_type = result_signed ? types().Int64() : types().Uint64();
  left = Coerce(std::move(left), operand_type, "the left side");
  right = Coerce(std::move(right), operand_type, "the right side");
  return Make(span, comparison ? types().Bool() : operand_type, Binary{op, std::move(left), std::move(right)});
}

}  // namespace sonde::sema
