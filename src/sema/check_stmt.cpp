// Statements and scopes.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

bool HasEffect(const Expr& expr) {
  if (std::holds_alternative<IncDec>(expr.node)) return true;
  if (const auto* block = std::get_if<BlockValue>(&expr.node)) {
    return !block->statements.empty() || block->value == nullptr || HasEffect(*block->value);
  }
  if (const auto* call = std::get_if<Call>(&expr.node)) return call->builtin->has_effect;
  if (const auto* ternary = std::get_if<Ternary>(&expr.node)) {
    const Expr& then_value = ternary->then_value == nullptr ? *ternary->condition : *ternary->then_value;
    return HasEffect(then_value) || HasEffect(*ternary->else_value);
  }
  if (const auto* logical = std::get_if<Logical>(&expr.node)) return HasEffect(*logical->right);
  return false;
}

// A value that stands alone: join() prints it then, also at the end of a macro and behind `?`.
void TurnIntoStatement(Checker& checker, Expr& expr) {
  if (auto* call = std::get_if<Call>(&expr.node); call != nullptr && call->builtin->as_statement != nullptr) {
    call->builtin->as_statement(checker, expr.span, *call);
    expr.type = checker.types().Void();
  } else if (auto* block = std::get_if<BlockValue>(&expr.node); block != nullptr && block->value != nullptr) {
    TurnIntoStatement(checker, *block->value);
    expr.type = block->value->type;
  } else if (auto* ternary = std::get_if<Ternary>(&expr.node); ternary != nullptr && ternary->then_value != nullptr) {
    TurnIntoStatement(checker, *ternary->then_value);
    TurnIntoStatement(checker, *ternary->else_value);
    expr.type = ternary->then_value->type;
  }
}

}  // namespace

void Checker::CheckBranch(const parser::Block& block, bool is_reachable, Statements& out) {
  scope_.unreachable += is_reachable ? 0 : 1;
  CheckBlock(block, out);
  scope_.unreachable -= is_reachable ? 0 : 1;
}

void Checker::CheckBlock(const parser::Block& block, Statements& out) {
  scope_.scopes.emplace_back();
  for (const parser::StmtPtr& statement : block.statements) CheckStatement(*statement, out);
  scope_.scopes.pop_back();
}

namespace {

// A variable that takes no negative numbers is not given a literal one; where a type is solved it adapts instead.
ExprPtr CoerceToVariable(Checker& checker, ExprPtr value, const Type* type) {
  const Constant* constant = value->AsConstant();
  bool is_negative = constant != nullptr && value->is_literal && value->type->IsInteger() && value->type->is_signed &&
                     static_cast<int64_t>(constant->bits) < 0;
  if (is_negative && type == checker.types().Uint64()) {
    checker.Report(kLiteralTooLarge, value->span,
                   fmt::format("{} does not fit in uint64", static_cast<int64_t>(constant->bits)));
    return checker.ErrorExpr(value->span);
  }
  return checker.Coerce(std::move(value), type, "the variable");
}

// `$x = value`, `$x += value`.
void CheckVariableAssign(Checker& checker, const parser::Assign& node, const parser::Variable& target, Span span,
                         Statements& out) {
  ExprPtr value = checker.Check(*node.value);
  std::optional<uint32_t> variable = checker.FindVariable(target.name);
  if (node.op) {
    if (!variable) {
      checker.Check(*node.target);  // reports
      return;
    }
    ExprPtr current =
        checker.Make(node.target->span, checker.scope().body->variables[*variable].type, VariableRef{*variable});
    value = checker.BuildBinary(*node.op, span, span, std::move(current), std::move(value));
  }
  if (value->type->kind == TypeKind::kAggregate) {
    checker.Report(kTypeMismatch, node.value->span, "an aggregation can only be assigned to a map");
    return;
  }
  if (!variable) variable = checker.DeclareVariable(target.name, &node);
  const Type* held = checker.scope().body->variables[*variable].type;
  if (!checker.JoinVariable(*variable, checker.OfferedType(*value, held), span)) return;
  const Type* stored = checker.scope().body->variables[*variable].type;
  value = CoerceToVariable(checker, std::move(value), stored);
  out.push_back(MakeStmt(span, AssignVariable{*variable, std::move(value)}));
}

// `@m[k] = value`, `@m[k] += value`, `@m[k] = count()`.
void CheckMapAssign(Checker& checker, const parser::Assign& node, const parser::MapAccess& target, Span span,
                    Statements& out) {
  std::optional<MapRef> ref = checker.CheckMapElement(target, node.target->span);
  if (!ref) return;
  checker.NoteAssignment(ref->map);
  ExprPtr value = checker.Check(*node.value);
  if (value->type->kind == TypeKind::kAggregate) {
    if (node.op) {
      checker.Report(kTypeMismatch, span, "an aggregation is assigned by '='");
      return;
    }
    MapInfo wanted = checker.AggregationOf(std::get<Call>(value->node));
    if (!checker.JoinAggregation(ref->map, wanted, span)) return;
    out.push_back(MakeStmt(span, UpdateAggregate{std::move(*ref), std::move(value)}));
    return;
  }
  const Type* map_type = checker.program().maps[ref->map].value;
  bool additive = node.op && (*node.op == BinaryOp::kAdd || *node.op == BinaryOp::kSub);
  if (additive && !value->type->IsVague() && value->type->IsInteger() && !map_type->IsPointer()) {
    const Type* offered = checker.OfferedType(*value, nullptr);
    if (!offered->is_from_literal) offered = checker.types().Int(8, value->type->is_signed);
    if (!checker.JoinMapValue(ref->map, offered, span) || !checker.WidenForCounting(ref->map, span)) return;
    const Type* added = checker.types().Int(8, value->type->is_signed);
    value = checker.Coerce(std::move(value), added, "the value");
    out.push_back(MakeStmt(span, AddToMap{std::move(*ref), std::move(value), *node.op == BinaryOp::kSub}));
    return;
  }
  if (node.op) {
    std::optional<MapRef> again = checker.CheckMapElement(target, node.target->span);
    if (!again) return;
    if (!checker.JoinMapValue(ref->map, checker.types().LiteralInt(), span)) return;
    ExprPtr current =
        checker.Make(node.target->span, checker.program().maps[ref->map].value, MapRead{std::move(*again)});
    value = checker.BuildBinary(*node.op, span, span, std::move(current), std::move(value));
  }
  const Type* held = checker.program().maps[ref->map].value;
  if (!checker.JoinMapValue(ref->map, checker.OfferedType(*value, held), span)) return;
  value = checker.Coerce(std::move(value), checker.program().maps[ref->map].value, "the value");
  out.push_back(MakeStmt(span, AssignMap{std::move(*ref), std::move(value)}));
}

void CheckAssign(Checker& checker, const parser::Assign& node, Span span, Statements& out) {
  if (const auto* variable = std::get_if<parser::Variable>(&node.target->node)) {
    CheckVariableAssign(checker, node, *variable, span, out);
  } else if (const auto* map = std::get_if<parser::MapAccess>(&node.target->node)) {
    CheckMapAssign(checker, node, *map, span, out);
  } else {
    checker.Report(kBadTarget, node.target->span, "only variables and maps can be assigned")
        .Hint("variables begin with $, maps with @");
  }
}

void CheckLet(Checker& checker, const parser::Let& node, Span span, Statements& out) {
  if (checker.scope().scopes.back().contains(node.name)) {
    checker.Report(kRedefined, node.name_span, fmt::format("${} is already declared in this block", node.name));
    return;
  }
  const Type* declared = nullptr;
  if (node.type) {
    declared = checker.ResolveType(*node.type);
    if (declared == nullptr) return;
    if (declared->IsVague()) declared = nullptr;  // typeof what a later round knows
    if (declared != nullptr && declared->IsStruct() && checker.RequireComplete(declared, node.type->span) == nullptr) {
      return;
    }
  }
  ExprPtr value = node.value == nullptr ? nullptr : checker.Check(*node.value);
  uint32_t variable = checker.DeclareVariable(node.name, &node, declared);
  if (value == nullptr) {
    out.push_back(MakeStmt(span, Declare{variable}));
    return;
  }
  if (!checker.JoinVariable(variable, checker.OfferedType(*value, nullptr), span)) return;
  const Type* stored = checker.scope().body->variables[variable].type;
  out.push_back(MakeStmt(span, AssignVariable{variable, CoerceToVariable(checker, std::move(value), stored)}));
}

}  // namespace

void Checker::CheckStatement(const parser::Stmt& stmt, Statements& out) {
  Span span = stmt.span;
  span.expansion = expansion();
  std::visit(Overloaded{
                 [&](const parser::ExprStmt& node) {
                   ExprPtr expr = Check(*node.expr);
                   TurnIntoStatement(*this, *expr);
                   if (expr->type->kind == TypeKind::kAggregate) {
                     Report(kBadMapUse, span, "an aggregation must be assigned to a map").Hint("@ = count()");
                     return;
                   }
                   bool is_value = !expr->type->IsVague() && expr->type->kind != TypeKind::kVoid;
                   if (is_value && !HasEffect(*expr)) {
                     diagnostics_->Warning(kNoEffect, span, "this statement has no effect");
                   }
                   out.push_back(MakeStmt(span, Evaluate{std::move(expr)}));
                 },
                 [&](const parser::Assign& node) { CheckAssign(*this, node, span, out); },
                 [&](const parser::Let& node) { CheckLet(*this, node, span, out); },
                 [&](const parser::Discard& node) { out.push_back(MakeStmt(span, Evaluate{Check(*node.value)})); },
                 [&](const parser::If& node) {
                   If made{.condition = CheckCondition(*node.condition)};
                   const Constant* known = made.condition->AsConstant();
                   CheckBranch(*node.then_block, known == nullptr || known->bits != 0, made.then_statements);
                   if (node.else_block != nullptr) {
                     CheckBranch(*node.else_block, known == nullptr || known->bits == 0, made.else_statements);
                   }
                   out.push_back(MakeStmt(span, std::move(made)));
                 },
                 [&](const parser::Unroll& node) { CheckUnroll(node, span, out); },
                 [&](const parser::While& node) { CheckWhile(node, span, out); },
                 [&](const parser::ForRange& node) { CheckForRange(node, span, out); },
                 [&](const parser::ForMap& node) { CheckForMap(node, span, out); },
                 [&](const parser::Break&) {
                   if (RequireLoop("break", span)) out.push_back(MakeStmt(span, Break{}));
                 },
                 [&](const parser::Continue&) {
                   if (RequireLoop("continue", span)) out.push_back(MakeStmt(span, Continue{}));
                 },
                 [&](const parser::Return& node) {
                   ExprPtr value = node.value == nullptr ? nullptr : CheckInteger(*node.value, "the returned value");
                   if (value == nullptr || scope_.probe_type->mode != RunMode::kTest) {
                     out.push_back(MakeStmt(span, Return{}));
                   } else {
                     value = Coerce(std::move(value), types().Int64(), "the returned value");
                     out.push_back(MakeStmt(span, Return{std::move(value)}));
                   }
                 },
                 [&](const parser::BlockStmt& node) {
                   Nested made;
                   CheckBlock(*node.block, made.statements);
                   out.push_back(MakeStmt(span, std::move(made)));
                 },
             },
             stmt.node);
}

}  // namespace sonde::sema
