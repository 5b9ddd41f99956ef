#include "parser/walk.h"

namespace sonde::parser {
namespace {

class Walker {
 public:
  explicit Walker(const ExprVisitor& visit) : visit_(visit) {}

  void operator()(const Item& item) { std::visit(*this, item.node); }

  // --- items
  void operator()(const CDefinition&) {}
  void operator()(const Import&) {}
  void operator()(const ConfigBlock& node) {
    for (const ConfigEntry& entry : node.entries) Walk(entry.value);
  }
  void operator()(const MapDeclaration& node) { Walk(node.max_entries); }
  void operator()(const Macro& node) { Walk(node.body); }
  void operator()(const Probe& node) {
    Walk(node.predicate);
    Walk(node.body);
  }

  // --- statements
  void operator()(const ExprStmt& node) { Walk(node.expr); }
  void operator()(const Assign& node) {
    Walk(node.target);
    Walk(node.value);
  }
  void operator()(const Let& node) {
    if (node.type) Walk(*node.type);
    Walk(node.value);
  }
  void operator()(const Discard& node) { Walk(node.value); }
  void operator()(const If& node) {
    Walk(node.condition);
    Walk(node.then_block);
    Walk(node.else_block);
  }
  void operator()(const Unroll& node) {
    Walk(node.count);
    Walk(node.body);
  }
  void operator()(const While& node) {
    Walk(node.condition);
    Walk(node.body);
  }
  void operator()(const ForRange& node) {
    Walk(node.start);
    Walk(node.end);
    Walk(node.body);
  }
  void operator()(const ForMap& node) {
    Walk(node.map);
    Walk(node.body);
  }
  void operator()(const Break&) {}
  void operator()(const Continue&) {}
  void operator()(const Return& node) { Walk(node.value); }
  void operator()(const BlockStmt& node) { Walk(node.block); }

  // --- expressions
  void operator()(const IntLiteral&) {}
  void operator()(const FloatLiteral&) {}
  void operator()(const BoolLiteral&) {}
  void operator()(const StringLiteral&) {}
  void operator()(const Identifier&) {}
  void operator()(const Variable&) {}
  void operator()(const MapAccess& node) { Walk(node.keys); }
  void operator()(const Positional&) {}
  void operator()(const PositionalCount&) {}
  void operator()(const Unary& node) { Walk(node.operand); }
  void operator()(const Binary& node) {
    Walk(node.left);
    Walk(node.right);
  }
  void operator()(const IncDec& node) { Walk(node.target); }
  void operator()(const Ternary& node) {
    Walk(node.condition);
    Walk(node.then_value);
    Walk(node.else_value);
  }
  void operator()(const Call& node) { Walk(node.args); }
  void operator()(const TypeArgument& node) { Walk(node.type); }
  void operator()(const FieldAccess& node) { Walk(node.base); }
  void operator()(const Index& node) {
    Walk(node.base);
    Walk(node.index);
  }
  void operator()(const Cast& node) {
    Walk(node.type);
    Walk(node.operand);
  }
  void operator()(const Paren& node) { Walk(node.inner); }
  void operator()(const Tuple& node) { Walk(node.elements); }
  void operator()(const Record& node) {
    for (const Record::Field& field : node.fields) Walk(field.value);
  }
  void operator()(const BlockExpr& node) {
    Walk(node.statements);
    Walk(node.value);
  }
  void operator()(const ErrorExpr&) {}

 private:
  void Walk(const ExprPtr& expr) {
    if (expr == nullptr) return;
    visit_(*expr);
    std::visit(*this, expr->node);
  }
  void Walk(const std::vector<ExprPtr>& list) {
    for (const ExprPtr& expr : list) Walk(expr);
  }
  void Walk(const std::vector<StmtPtr>& list) {
    for (const StmtPtr& statement : list) std::visit(*this, statement->node);
  }
  void Walk(const BlockPtr& block) {
    if (block != nullptr) Walk(block->statements);
  }
  void Walk(const TypeName& type) {
    Walk(type.typeof_expr);
    if (type.typeof_type) Walk(*type.typeof_type);
    for (const TypeName& element : type.tuple) Walk(element);
    for (const std::optional<ExprPtr>& dimension : type.dimensions) {
      if (dimension) Walk(*dimension);
    }
  }

  const ExprVisitor& visit_;
};

}  // namespace

void ForEachExpr(const Item& item, const ExprVisitor& visit) {
  Walker walker(visit);
  walker(item);
}

void ForEachExpr(const Ast& ast, const ExprVisitor& visit) {
  for (const Item& item : ast.items) ForEachExpr(item, visit);
}

}  // namespace sonde::parser
