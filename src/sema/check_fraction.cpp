// Arithmetic with fractions: only printf() and print() take it, which send its integers and leave the rest to the
// reader.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

constexpr int64_t kExactInDouble = int64_t{1} << 53;

std::optional<FractionOp> AsFractionOp(BinaryOp op) {
  if (op == BinaryOp::kAdd) return FractionOp::kAdd;
  if (op == BinaryOp::kSub) return FractionOp::kSubtract;
  if (op == BinaryOp::kMul) return FractionOp::kMultiply;
  if (op == BinaryOp::kDiv) return FractionOp::kDivide;
  return std::nullopt;
}

// `(double)` asks for a fraction; so does a cast that cuts one off, which is refused later.
bool IsReal(const parser::TypeName& type) {
  return (type.name == "double" || type.name == "float") && type.pointer_depth == 0 && type.dimensions.empty();
}

}  // namespace

// What the reader computes with: only + - * / and ?: are its business.
bool Checker::HasFraction(const parser::Expr& expr) const {
  return std::visit(Overloaded{
                        [&](const parser::FloatLiteral&) { return true; },
                        [&](const parser::Identifier& node) {
                          auto found = c_.macros.find(node.name);
                          return found != c_.macros.end() && std::holds_alternative<double>(found->second.value);
                        },
                        [&](const parser::Paren& node) { return HasFraction(*node.inner); },
                        [&](const parser::Cast& node) { return IsReal(node.type) || HasFraction(*node.operand); },
                        [&](const parser::Unary& node) { return HasFraction(*node.operand); },
                        [&](const parser::Binary& node) {
                          return AsFractionOp(node.op) && (HasFraction(*node.left) || HasFraction(*node.right));
                        },
                        [&](const parser::Ternary& node) {
                          return (node.then_value != nullptr && HasFraction(*node.then_value)) ||
                                 HasFraction(*node.else_value);
                        },
                        [](const auto&) { return false; },
                    },
                    expr.node);
}

bool Checker::CheckFraction(const parser::Expr& expr, FractionValue& out) {
  auto push = [&](FractionOp op) {
    out.steps.push_back({.op = op});
    return true;
  };
  return std::visit(Overloaded{
                        [&](const parser::FloatLiteral& node) {
                          out.steps.push_back({.op = FractionOp::kNumber, .number = node.value});
                          return true;
                        },
                        [&](const parser::Identifier& node) {
                          if (!HasFraction(expr)) return CheckFractionOperand(expr, out);
                          out.steps.push_back({.op = FractionOp::kNumber,
                                               .number = std::get<double>(c_.macros.find(node.name)->second.value)});
                          return true;
                        },
                        [&](const parser::Paren& node) { return CheckFraction(*node.inner, out); },
                        [&](const parser::Cast& node) {
                          return IsReal(node.type) ? CheckFraction(*node.operand, out)
                                                   : CheckFractionOperand(expr, out);
                        },
                        [&](const parser::Unary& node) {
                          if (node.op == parser::UnaryOp::kPlus) return CheckFraction(*node.operand, out);
                          if (node.op != parser::UnaryOp::kNegate) return CheckFractionOperand(expr, out);
                          return CheckFraction(*node.operand, out) && push(FractionOp::kNegate);
                        },
                        [&](const parser::Binary& node) {
                          std::optional<FractionOp> op = AsFractionOp(node.op);
                          if (!op || TypeInParentheses(*node.left) != nullptr) return CheckFractionOperand(expr, out);
                          return CheckFraction(*node.left, out) && CheckFraction(*node.right, out) && push(*op);
                        },
                        [&](const parser::Ternary& node) {
                          if (node.then_value == nullptr) return CheckFractionOperand(expr, out);
                          return CheckFractionOperand(*node.condition, out) && CheckFraction(*node.then_value, out) &&
                                 CheckFraction(*node.else_value, out) && push(FractionOp::kSelect);
                        },
                        [&](const auto&) { return CheckFractionOperand(expr, out); },
                    },
                    expr.node);
}

// A number that the kernel gathers.
bool Checker::CheckFractionOperand(const parser::Expr& expr, FractionValue& out) {
  ExprPtr value = Check(expr);
  const Type* type = value->type;
  if (type->IsVague()) return false;
  if (type->is_c_int) value = CastTo(types().Int(4, true), std::move(value), expr.span);
  bool is_number =
      type->IsInteger() || type->kind == TypeKind::kBool || type->IsEnum() || type->kind == TypeKind::kFloat;
  if (!is_number) {
    Report(kTypeMismatch, expr.span, fmt::format("this must be a number, but it is {}", Name(*type)));
    return false;
  }
  if (const Constant* constant = value->AsConstant()) {
    auto number = static_cast<int64_t>(constant->bits);
    if (number >= -kExactInDouble && number <= kExactInDouble) {
      out.steps.push_back({.op = FractionOp::kNumber, .number = static_cast<double>(number)});
      return true;
    }
  }
  out.steps.push_back({.op = FractionOp::kSlot, .slot = static_cast<uint32_t>(out.operands.size())});
  out.operands.push_back(std::move(value));
  return true;
}

ExprPtr Checker::RefuseFraction(Span span) {
  Report(kFraction, span, "a fraction can be printed, but the kernel cannot compute with it")
      .Hint(
          "write the arithmetic into the argument of printf() or print(), which is computed when it is printed: "
          "printf(\"%.3f\", nsecs / 1e9)");
  return ErrorExpr(span);
}

}  // namespace sonde::sema
