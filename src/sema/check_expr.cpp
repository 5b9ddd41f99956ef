// Expressions: literals, names, operators, fields.
#include <fmt/format.h>

#include <charconv>

#include "cheaders/kernel_constants.h"
#include "sema/checker.h"

namespace sonde::sema {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::optional<int64_t> ParseInteger(std::string_view text) {
  bool negative = text.starts_with('-');
  std::string_view digits = negative ? text.substr(1) : text;
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.starts_with('0')) {
    base = 8;
    digits.remove_prefix(1);
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - value : value);
}

}  // namespace

// A char array of C need not end in a NUL, a text does: it is read into one byte more.
ExprPtr Checker::AsText(ExprPtr value) {
  if (value->type->is_char_array) value->type = types().String(value->type->size + 1);
  return value;
}

ExprPtr Checker::Check(const parser::Expr& expr) { return AsText(CheckPlace(expr)); }

ExprPtr Checker::CheckPlace(const parser::Expr& expr) {
  Span span = expr.span;
  span.expansion = expansion();
  return std::visit(
      Overloaded{
          [&](const parser::IntLiteral& node) { return MakeLiteral(span, node.value, false); },
          [&](const parser::FloatLiteral&) { return RefuseFraction(span); },
          [&](const parser::BoolLiteral& node) { return MakeInt(span, node.value ? 1 : 0, types().Bool()); },
          [&](const parser::StringLiteral& node) {
            auto size = static_cast<uint32_t>(node.value.size() + 1);
            return Make(span, types().String(size), StringConstant{node.value}, true);
          },
          [&](const parser::Identifier& node) { return CheckIdentifier(node, span); },
          [&](const parser::Variable& node) -> ExprPtr {
            std::optional<uint32_t> variable = FindVariable(node.name);
            if (variable) return Make(span, scope_.body->variables[*variable].type, VariableRef{*variable});
            Report(kUnknownVariable, span, fmt::format("${} is used before it is assigned", node.name))
                .Hint("a variable lives in the block of its first assignment, or of its `let`");
            return ErrorExpr(span);
          },
          [&](const parser::MapAccess& node) -> ExprPtr {
            std::optional<MapRef> ref = CheckMapElement(node, span);
            if (!ref) return ErrorExpr(span);
            const MapInfo& info = program_.maps[ref->map];
            if (!RequireAssigned(ref->map, span)) return Make(span, types().Unknown(), Constant{0});
            const Type* type = info.value;
            if (info.aggregation >= image::Aggregation::kStats) {
              Report(kBadMapUse, span, fmt::format("{} holds a distribution, which has no single value", info.name))
                  .Hint("print(" + info.name + ") shows it");
              return ErrorExpr(span);
            }
            return Make(span, type, MapRead{std::move(*ref)});
          },
          [&](const parser::Positional& node) { return CheckPositional(node, span); },
          [&](const parser::PositionalCount&) { return MakeLiteral(span, options_.parameters.size(), false); },
          [&](const parser::Unary& node) { return CheckUnary(node.op, *node.operand, span); },
          [&](const parser::Binary& node) { return CheckBinary(node, span); },
          [&](const parser::IncDec& node) { return CheckIncDec(node, span); },
          [&](const parser::Ternary& node) { return CheckTernary(node, span); },
          [&](const parser::Call& node) { return CheckCall(node, span); },
          [&](const parser::TypeArgument&) -> ExprPtr {
            Report(kWrongArgument, span, "a type cannot be a value here");
            return ErrorExpr(span);
          },
          [&](const parser::FieldAccess& node) { return CheckFieldAccess(node, span); },
          [&](const parser::Index& node) { return CheckIndex(node, span); },
          [&](const parser::Cast& node) { return CheckCast(node.type, *node.operand, span); },
          [&](const parser::Paren& node) { return CheckPlace(*node.inner); },
          [&](const parser::Tuple& node) { return CheckTuple(node, span); },
          [&](const parser::Record& node) { return CheckRecord(node, span); },
          [&](const parser::BlockExpr& node) -> ExprPtr {
            scope_.scopes.emplace_back();
            ExprPtr value = CheckBlockValue(node, span);
            scope_.scopes.pop_back();
            return value;
          },
          [&](const parser::ErrorExpr&) { return ErrorExpr(span); },
      },
      expr.node);
}

ExprPtr Checker::CheckPositional(const parser::Positional& node, Span span) {
  if (node.index == 0 || node.index > options_.parameters.size()) return MakeLiteral(span, 0, false);
  const std::string& text = options_.parameters[node.index - 1];
  if (std::optional<int64_t> value = ParseInteger(text)) {
    return MakeLiteral(span, static_cast<uint64_t>(*value), text.starts_with('-'));
  }
  return Make(span, types().String(static_cast<uint32_t>(text.size() + 1)), StringConstant{text}, true);
}

// A builtin, a name of the C preamble, or a constant of the kernel.
ExprPtr Checker::CheckIdentifier(const parser::Identifier& id, Span span) {
  if (std::optional<ExprPtr> given = TryParameter(id.name, span)) return std::move(*given);
  if (std::optional<ExprPtr> value = TryMacro(id.name, {}, &id, span)) return std::move(*value);
  if (const Builtin* builtin = FindBuiltin(id.name)) {
    if (builtin->form == BuiltinForm::kVariable) return CheckBuiltin(*builtin, {id.name, span, {}}, span);
    Report(kUnknownName, span, fmt::format("'{}' is a function", id.name))
        .Hint(fmt::format("call it: {}", builtin->signature));
    return ErrorExpr(span);
  }
  if (auto found = c_.enumerators.find(id.name); found != c_.enumerators.end()) {
    return MakeInt(span, static_cast<uint64_t>(found->second.value), CEnum(found->second.type));
  }
  if (auto found = c_.macros.find(id.name); found != c_.macros.end()) {
    return std::visit(Overloaded{
                          [&](int64_t value) { return MakeLiteral(span, static_cast<uint64_t>(value), value < 0); },
                          [&](uint64_t value) { return MakeLiteral(span, value, false); },
                          [&](double) { return RefuseFraction(span); },
                          [&](const std::string& value) {
                            auto size = static_cast<uint32_t>(value.size() + 1);
                            return Make(span, types().String(size), StringConstant{value}, true);
                          },
                      },
                      found->second.value);
  }
  if (std::optional<int64_t> value = cheaders::KernelConstant(id.name)) {
    return MakeLiteral(span, static_cast<uint64_t>(*value), *value < 0);
  }
  if (ExprPtr enumerator = BtfEnumerator(id.name, span)) return enumerator;
  Diagnostic& error = Report(kUnknownName, span, fmt::format("unknown name '{}'", id.name));
  const std::string& nearest = NearestAt(span, id.name, [&] { return KnownNames(); });
  if (!nearest.empty()) {
    error.Hint(fmt::format("did you mean '{}'?", nearest));
  } else {
    error.Hint("a C constant needs the #include of its header; variables begin with $, maps with @");
  }
  return ErrorExpr(span);
}

ExprPtr Checker::CheckInteger(const parser::Expr& expr, std::string_view what) {
  return RequireInteger(Check(expr), expr.span, what);
}

ExprPtr Checker::RequireInteger(ExprPtr value, Span span, std::string_view what) {
  if (value->type->IsVague() || value->type->IsInteger()) return value;
  if (value->type->kind == TypeKind::kBool || value->type->kind == TypeKind::kEnum || value->type->IsPointer()) {
    const Type* type = value->type->IsPointer() ? types().Uint64() : types().Int64();
    return Coerce(std::move(value), type, what);
  }
  Report(kWrongArgument, span, fmt::format("{} must be an integer, but this is {}", what, Name(*value->type)));
  return ErrorExpr(span);
}

std::optional<int64_t> Checker::CheckLiteral(const parser::Expr& expr, std::string_view what) {
  ExprPtr value = Check(expr);
  if (value->type->IsVague()) return std::nullopt;
  const Constant* constant = value->AsConstant();
  bool is_number = value->type->IsInteger() || value->type->IsEnum();
  if (constant != nullptr && is_number) return static_cast<int64_t>(constant->bits);
  Report(kNotConstant, expr.span, fmt::format("{} must be a literal integer", what));
  return std::nullopt;
}

std::optional<std::string> Checker::CheckStringLiteral(const parser::Expr& expr, std::string_view what) {
  ExprPtr value = Check(expr);
  if (value->type->IsVague()) return std::nullopt;
  if (const StringConstant* constant = value->AsString()) return constant->value;
  Report(kNotConstant, expr.span, fmt::format("{} must be a literal string", what));
  return std::nullopt;
}

ExprPtr Checker::CheckCondition(const parser::Expr& expr) {
  ExprPtr value = Check(expr);
  if (value->type->IsVague() || value->type->IsScalar()) return value;
  Diagnostic& error =
      Report(kTypeMismatch, expr.span,
             fmt::format("a condition must be a number or a pointer, but this is {}", Name(*value->type)));
  if (value->type->IsString()) error.Hint("compare it: … != \"\"");
  return ErrorExpr(expr.span);
}

ExprPtr Checker::CheckUnary(parser::UnaryOp op, const parser::Expr& inner, Span span) {
  using parser::UnaryOp;
  if (op == UnaryOp::kNot) {
    ExprPtr operand = CheckCondition(inner);
    if (operand->type->IsVague()) return operand;
    if (const Constant* constant = operand->AsConstant()) return MakeInt(span, constant->bits == 0, types().Bool());
    return Make(span, types().Bool(), Unary{sema::UnaryOp::kNot, std::move(operand)});
  }
  if (op == UnaryOp::kAddressOf) return CheckAddressOf(inner, span);
  ExprPtr operand = Check(inner);
  if (operand->type->IsVague()) return operand;
  if (op == UnaryOp::kDereference) {
    // A number of 64 bits without a sign is what kaddr() gives: a number stands at that address of the kernel.
    if (operand->type->IsInteger() && operand->type->size == 8 && !operand->type->is_signed) {
      operand = Coerce(std::move(operand), types().Pointer(types().Uint64(), AddressSpace::kKernel), "the address");
    }
    if (!operand->type->IsPointer() || operand->type->element == nullptr) {
      Report(kTypeMismatch, span,
             fmt::format("only a pointer with a type can be read through, this is {}", Name(*operand->type)));
      return ErrorExpr(span);
    }
    const Type* element = RequireComplete(operand->type->element, span);
    return element == nullptr ? ErrorExpr(span) : MakeLoad(span, element, std::move(operand));
  }
  operand = RequireInteger(std::move(operand), inner.span, "the operand");
  if (operand->type->IsVague() || op == UnaryOp::kPlus) return operand;
  bool negate = op == UnaryOp::kNegate;
  if (const Constant* constant = operand->AsConstant(); constant != nullptr && operand->is_literal) {
    uint64_t bits = negate ? 0 - constant->bits : ~constant->bits;
    return MakeLiteral(span, bits, static_cast<int64_t>(bits) < 0);
  }
  const Type* type = negate || operand->type->is_signed ? types().Int64() : types().Uint64();
  operand = Coerce(std::move(operand), type, "the operand");
  return Make(span, type, Unary{negate ? sema::UnaryOp::kNegate : sema::UnaryOp::kBitNot, std::move(operand)});
}

ExprPtr Checker::CheckTernary(const parser::Ternary& node, Span span) {
  ExprPtr condition = CheckCondition(*node.condition);
  bool is_short = node.then_value == nullptr;
  ExprPtr then_value = is_short ? std::move(condition) : Check(*node.then_value);
  ExprPtr else_value = Check(*node.else_value);
  for (const ExprPtr* part : {&condition, &then_value, &else_value}) {
    if (*part != nullptr && (*part)->type->IsVague()) return Make(span, (*part)->type, Constant{0});
  }
  const bool is_literal = then_value->is_literal && else_value->is_literal;
  const Type* text = nullptr;  // texts are not converted, so that the first one may be narrower than the result
  if (then_value->type->kind != TypeKind::kVoid || else_value->type->kind != TypeKind::kVoid) {
    const Type* type = JoinBranches(*then_value, *else_value, span);
    if (type == nullptr) return ErrorExpr(span);
    if (type->IsString() || type->IsBuffer()) text = type;
    then_value = Coerce(std::move(then_value), type, "the result");
    else_value = Coerce(std::move(else_value), type, "the result");
  }
  const Constant* known = is_short ? then_value->AsConstant() : condition->AsConstant();
  if (known != nullptr) {
    ExprPtr chosen = known->bits != 0 ? std::move(then_value) : std::move(else_value);
    chosen->is_literal &= is_literal;  // else it has the type that both sides gave it
    return chosen;
  }
  const Type* type = text != nullptr ? text : then_value->type;
  if (is_short) condition = std::move(then_value);
  return Make(span, type, Ternary{std::move(condition), std::move(then_value), std::move(else_value)});
}

// What both values of `?:` become; null after a report.
const Type* Checker::JoinBranches(const Expr& then_value, const Expr& else_value, Span span) {
  bool both_literal = then_value.is_literal && else_value.is_literal;
  auto offered = [&](const Expr& value) {
    bool adapts = value.is_literal && value.type->IsInteger() && !both_literal;
    return adapts ? types().LiteralInt() : value.type;
  };
  const Type* type = Join(offered(then_value), offered(else_value));
  if (type == nullptr) {
    Report(
        kTypeMismatch, span,
        fmt::format("the two values of ?: differ in type: {} and {}", Name(*then_value.type), Name(*else_value.type)));
  }
  return type;
}

ExprPtr Checker::CheckIncDec(const parser::IncDec& node, Span span) {
  if (const auto* variable = std::get_if<parser::Variable>(&node.target->node)) {
    std::optional<uint32_t> index = FindVariable(variable->name);
    if (!index) return Check(*node.target);
    const Type* type = scope_.body->variables[*index].type;
    if (!type->IsVague() && !type->IsInteger() && !type->IsPointer()) {
      Report(kTypeMismatch, span,
             fmt::format("${} is {}, only integers count up and down", variable->name, Name(*type)));
      return ErrorExpr(span);
    }
    if (type->IsPointer() && type->element != nullptr && RequireComplete(type->element, span) == nullptr) {
      return ErrorExpr(span);
    }
    return Make(span, type, IncDec{VariableRef{*index}, node.increment, node.prefix});
  }
  const auto* access = std::get_if<parser::MapAccess>(&node.target->node);
  if (access == nullptr) {
    Report(kBadTarget, node.target->span, "only variables and maps can be counted up and down");
    return ErrorExpr(span);
  }
  std::optional<MapRef> ref = CheckMapElement(*access, node.target->span);
  if (!ref) return ErrorExpr(span);
  if (!JoinMapValue(ref->map, types().LiteralInt(), span) || !WidenForCounting(ref->map, span)) return ErrorExpr(span);
  const Type* type = program_.maps[ref->map].value;
  if (!type->IsVague() && !type->IsInteger()) {
    Report(kTypeMismatch, span,
           fmt::format("{} holds {}, only integers count up and down", program_.maps[ref->map].name, Name(*type)));
    return ErrorExpr(span);
  }
  return Make(span, type, IncDec{std::move(*ref), node.increment, node.prefix});
}

}  // namespace sonde::sema
