// Makes the nodes of the tree for the grammar's actions, and checks what can be checked at a node alone.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "parser/ast.h"
#include "parser/token.h"
#include "parser/tree_parts.h"

namespace sonde::parser {

// Tokens are named by their index in the stream. A node that would nest deeper than kMaxNesting becomes an ErrorExpr
// (an empty block), and the first of them a diagnostic.
class TreeBuilder {
 public:
  TreeBuilder(const SourceManager& sources, TokenStream& stream, Diagnostics& diagnostics, Ast& ast)
      : sources_(sources), stream_(stream), diagnostics_(diagnostics), ast_(ast) {}

  // The text of tokens.
  std::string Text(uint32_t token) const;
  NameToken Name(uint32_t token) const;
  NameToken FieldNumber(uint32_t token);
  std::string TakeString(uint32_t token);
  ProbeSpec TakeSpec(uint32_t token);

  // Expressions.
  ExprPtr MakeExpr(Span span, Expr::Node node);
  ExprPtr MakeError(Span span) { return MakeExpr(span, ErrorExpr{}); }
  ExprPtr MakeInteger(uint32_t token);
  ExprPtr MakeFloat(uint32_t token);
  ExprPtr MakeIdentifier(uint32_t token);
  ExprPtr MakeVariable(uint32_t token);
  ExprPtr MakePositional(uint32_t token);
  ExprPtr MakeMap(Span span, uint32_t token, std::vector<ExprPtr> keys, bool has_brackets);
  ExprPtr MakeCall(Span span, uint32_t name, std::vector<ExprPtr> args);
  ExprPtr MakeBinary(Span span, BinaryOp op, ExprPtr left, Span op_span, ExprPtr right);
  ExprPtr MakeIncDec(Span span, ExprPtr target, bool increment, bool prefix);
  ExprPtr MakeField(Span span, ExprPtr base, NameToken field, bool arrow);
  ExprPtr MakeTuple(Span span, ExprPtr first, std::vector<ExprPtr> rest);
  ExprPtr MakeBlockExpr(Span span, StatementList list, bool needs_value);
  Record::Field MakeRecordField(uint32_t name, ExprPtr value);

  // Types.
  PendingType MakeNamedType(Span span, const std::string& words);
  PendingType MakeTaggedType(Span span, TypeName::Tag tag, uint32_t name);
  PendingType MakeQualifiedType(Span span, const std::string& words, PendingType type);
  PendingType MakeTypeof(Span span, ExprPtr argument);
  PendingType MakeTupleType(Span span, std::vector<TypeName> elements);
  PendingType AddDimension(Span span, PendingType type, std::optional<ExprPtr> count);

  // Statements.
  PendingStmt MakeStmt(Span span, Stmt::Node node);
  PendingStmt MakeAssign(Span span, ExprPtr target, std::optional<BinaryOp> op, ExprPtr value);
  PendingStmt MakeLet(Span span, uint32_t name, PendingType type, ExprPtr value);
  // `(x = 1)` is a record; as a condition it is meant as a comparison.
  ExprPtr CheckCondition(ExprPtr condition);
  PendingStmt MakeIf(IfChain chain);
  PendingStmt MakeIfElse(Span span, IfChain chain, BlockPtr last);
  PendingStmt MakeFor(Span span, uint32_t variable, ForSource source, BlockPtr body);
  BlockPtr MakeBlock(Span span, StatementList list);

  // Items, put into the tree.
  void AddItem(Span span, Item::Node node);
  void AddCDefinition(uint32_t token);
  void AddImport(Span span, uint32_t path);
  void AddMapDeclaration(Span span, uint32_t name, uint32_t type, ExprPtr max_entries);
  void AddMacro(Span span, uint32_t name, std::vector<MacroParameter> parameters, bool has_parentheses, Span body_span,
                StatementList body);
  void AddProbe(Span span, NameToken name, std::vector<ProbeSpec> specs, ExprPtr predicate, BlockPtr body);
  PendingEntry MakeConfigEntry(Span span, uint32_t name, ExprPtr value);
  MacroParameter MakeParameter(MacroParameter::Kind kind, uint32_t token);

 private:
  const Token& At(uint32_t token) const { return stream_.tokens[token]; }
  Span SpanOf(uint32_t token) const { return stream_.SpanOf(At(token)); }
  bool IsTooDeep(uint32_t depth, Span span);
  void ReportMissingValue(Span block);
  PendingType Checked(PendingType type);
  void ReportTarget(const Expr& target, bool assigned);
  BlockPtr FinishBlock(Span span, std::vector<StmtPtr> statements);

  const SourceManager& sources_;
  TokenStream& stream_;
  Diagnostics& diagnostics_;
  Ast& ast_;
};

}  // namespace sonde::parser
