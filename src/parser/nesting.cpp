#include "parser/nesting.h"

#include <algorithm>

namespace sonde::parser {
namespace {

// Visits every node type, so that a new one does not build until its children are counted here.
struct DepthBelow {
  static uint32_t Of(const ExprPtr& expr) { return expr ? expr->depth : 0; }
  static uint32_t Of(const BlockPtr& block) { return block ? block->depth : 0; }
  static uint32_t Of(const std::vector<ExprPtr>& list) {
    uint32_t depth = 0;
    for (const ExprPtr& expr : list) depth = std::max(depth, Of(expr));
    return depth;
  }
  static uint32_t Of(const std::vector<StmtPtr>& list) {
    uint32_t depth = 0;
    for (const StmtPtr& statement : list) depth = std::max(depth, statement->depth);
    return depth;
  }
  template <typename... Parts>
  static uint32_t Max(const Parts&... parts) {
    return std::max({uint32_t{0}, Of(parts)...});
  }

  uint32_t operator()(const IntLiteral&) const { return 0; }
  uint32_t operator()(const FloatLiteral&) const { return 0; }
  uint32_t operator()(const BoolLiteral&) const { return 0; }
  uint32_t operator()(const StringLiteral&) const { return 0; }
  uint32_t operator()(const Identifier&) const { return 0; }
  uint32_t operator()(const Variable&) const { return 0; }
  uint32_t operator()(const MapAccess& node) const { return Of(node.keys); }
  uint32_t operator()(const Positional&) const { return 0; }
  uint32_t operator()(const PositionalCount&) const { return 0; }
  uint32_t operator()(const Unary& node) const { return Of(node.operand); }
  uint32_t operator()(const Binary& node) const { return Max(node.left, node.right); }
  uint32_t operator()(const IncDec& node) const { return Of(node.target); }
  uint32_t operator()(const Ternary& node) const { return Max(node.condition, node.then_value, node.else_value); }
  uint32_t operator()(const Call& node) const { return Of(node.args); }
  uint32_t operator()(const TypeArgument& node) const { return node.type.depth; }
  uint32_t operator()(const FieldAccess& node) const { return Of(node.base); }
  uint32_t operator()(const Index& node) const { return Max(node.base, node.index); }
  uint32_t operator()(const Cast& node) const { return std::max(node.type.depth, Of(node.operand)); }
  uint32_t operator()(const Paren& node) const { return Of(node.inner); }
  uint32_t operator()(const Tuple& node) const { return Of(node.elements); }
  uint32_t operator()(const Record& node) const {
    uint32_t depth = 0;
    for (const Record::Field& field : node.fields) depth = std::max(depth, Of(field.value));
    return depth;
  }
  uint32_t operator()(const BlockExpr& node) const { return Max(node.statements, node.value); }
  uint32_t operator()(const ErrorExpr&) const { return 0; }

  uint32_t operator()(const ExprStmt& node) const { return Of(node.expr); }
  uint32_t operator()(const Assign& node) const { return Max(node.target, node.value); }
  uint32_t operator()(const Let& node) const { return std::max(node.type ? node.type->depth : 0, Of(node.value)); }
  uint32_t operator()(const Discard& node) const { return Of(node.value); }
  uint32_t operator()(const If& node) const { return Max(node.condition, node.then_block, node.else_block); }
  uint32_t operator()(const Unroll& node) const { return Max(node.count, node.body); }
  uint32_t operator()(const While& node) const { return Max(node.condition, node.body); }
  uint32_t operator()(const ForRange& node) const { return Max(node.start, node.end, node.body); }
  uint32_t operator()(const ForMap& node) const { return Max(node.map, node.body); }
  uint32_t operator()(const Break&) const { return 0; }
  uint32_t operator()(const Continue&) const { return 0; }
  uint32_t operator()(const Return& node) const { return Of(node.value); }
  uint32_t operator()(const BlockStmt& node) const { return Of(node.block); }
};

}  // namespace

uint32_t DepthOf(const Expr::Node& node) { return 1 + std::visit(DepthBelow{}, node); }

// A statement adds nothing of its own: its blocks and expressions do.
uint32_t DepthOf(const Stmt::Node& node) { return std::max(1u, std::visit(DepthBelow{}, node)); }

uint32_t DepthOf(const TypeName& type) {
  uint32_t below = DepthBelow::Of(type.typeof_expr);
  if (type.typeof_type) below = std::max(below, type.typeof_type->depth);
  for (const TypeName& element : type.tuple) below = std::max(below, element.depth);
  for (const std::optional<ExprPtr>& dimension : type.dimensions) {
    if (dimension) below = std::max(below, DepthBelow::Of(*dimension));
  }
  return 1 + below;
}

uint32_t DepthOfBlock(const std::vector<StmtPtr>& statements) { return 1 + DepthBelow::Of(statements); }

}  // namespace sonde::parser
