// The printer behind Format: what each node looks like. format.cpp holds items and statements, format_expr.cpp
// expressions and types.
#pragma once

#include <string>
#include <vector>

#include "parser/ast.h"
#include "parser/format_writer.h"

namespace sonde::parser {

class Formatter {
 public:
  Formatter(const Ast& ast, const SourceManager& sources) : ast_(ast), sources_(sources), writer_(ast, sources) {}

  std::string Run();

  // The node types, for std::visit.
  void operator()(const CDefinition& node);
  void operator()(const ConfigBlock& node);
  void operator()(const Import& node);
  void operator()(const MapDeclaration& node);
  void operator()(const Macro& node);
  void operator()(const Probe& node);

  void operator()(const ExprStmt& node);
  void operator()(const Assign& node);
  void operator()(const Let& node);
  void operator()(const Discard& node);
  void operator()(const If& node);
  void operator()(const Unroll& node);
  void operator()(const While& node);
  void operator()(const ForRange& node);
  void operator()(const ForMap& node);
  void operator()(const Break& node);
  void operator()(const Continue& node);
  void operator()(const Return& node);
  void operator()(const BlockStmt& node);

  void operator()(const IntLiteral& node);
  void operator()(const FloatLiteral& node);
  void operator()(const BoolLiteral& node);
  void operator()(const StringLiteral& node);
  void operator()(const Identifier& node);
  void operator()(const Variable& node);
  void operator()(const MapAccess& node);
  void operator()(const Positional& node);
  void operator()(const PositionalCount& node);
  void operator()(const Unary& node);
  void operator()(const Binary& node);
  void operator()(const IncDec& node);
  void operator()(const Ternary& node);
  void operator()(const Call& node);
  void operator()(const TypeArgument& node);
  void operator()(const FieldAccess& node);
  void operator()(const Index& node);
  void operator()(const Cast& node);
  void operator()(const Paren& node);
  void operator()(const Tuple& node);
  void operator()(const Record& node);
  void operator()(const BlockExpr& node);
  void operator()(const ErrorExpr& node);

 private:
  void PrintSpecs(const Probe& node);
  void PrintPredicate(const ExprPtr& predicate);
  void PrintBlock(const BlockPtr& block);
  // `{`, the statements with a value last (may be null), `}`; the line goes on after it.
  void PrintBody(Span span, const std::vector<StmtPtr>& statements, const ExprPtr& value);
  void PrintStatement(const Stmt& statement, uint32_t limit);
  void Print(const ExprPtr& expr);
  void PrintList(const std::vector<ExprPtr>& list);
  void PrintType(const TypeName& type);
  void PrintKeyword(std::string_view keyword, const ExprPtr& condition, const BlockPtr& body);
  void Close(std::string_view bracket);

  const Ast& ast_;
  const SourceManager& sources_;
  FormatWriter writer_;
  Span span_;  // of the node that is being printed
};

}  // namespace sonde::parser
