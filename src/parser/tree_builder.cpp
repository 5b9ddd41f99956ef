#include "parser/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "parser/diagnostic_ids.h"
#include "parser/literals.h"
#include "parser/nesting.h"

namespace sonde::parser {

std::string TreeBuilder::Text(uint32_t token) const { return std::string(sources_.Text(SpanOf(token))); }

NameToken TreeBuilder::Name(uint32_t token) const { return {Text(token), SpanOf(token)}; }

NameToken TreeBuilder::FieldNumber(uint32_t token) {
  NameToken name = Name(token);
  bool decimal = std::ranges::all_of(name.text, [](char c) { return c >= '0' && c <= '9'; });
  if (!decimal) {
    diagnostics_.Error(kInvalidField, name.span, fmt::format("'{}' is not the number of a tuple's field", name.text))
        .Hint("fields are numbered in decimal: '.0', '.1'");
  }
  return name;
}

std::string TreeBuilder::TakeString(uint32_t token) { return std::move(stream_.strings[At(token).data]); }

ProbeSpec TreeBuilder::TakeSpec(uint32_t token) { return std::move(stream_.specs[At(token).data]); }

bool TreeBuilder::IsTooDeep(uint32_t depth, Span span) {
  if (depth <= kMaxNesting) return false;
  ReportNesting(stream_, diagnostics_, span);
  return true;
}

ExprPtr TreeBuilder::MakeExpr(Span span, Expr::Node node) {
  uint32_t depth = DepthOf(node);
  if (IsTooDeep(depth, span)) return std::make_unique<Expr>(span, 1u, ErrorExpr{});
  return std::make_unique<Expr>(span, depth, std::move(node));
}

ExprPtr TreeBuilder::MakeInteger(uint32_t token) {
  return MakeExpr(SpanOf(token), IntLiteral{stream_.integers[At(token).data], Text(token)});
}

ExprPtr TreeBuilder::MakeFloat(uint32_t token) {
  std::string spelling = Text(token);
  return MakeExpr(SpanOf(token), FloatLiteral{ParseFloat(spelling), spelling});
}

ExprPtr TreeBuilder::MakeIdentifier(uint32_t token) { return MakeExpr(SpanOf(token), Identifier{Text(token)}); }

ExprPtr TreeBuilder::MakeVariable(uint32_t token) { return MakeExpr(SpanOf(token), Variable{Text(token).substr(1)}); }

ExprPtr TreeBuilder::MakePositional(uint32_t token) {
  std::string text = Text(token);
  uint32_t index = 0;
  auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), index);
  if (error != std::errc() || index == 0) {
    diagnostics_.Error(kInvalidPositional, SpanOf(token), fmt::format("there is no positional parameter '{}'", text))
        .Hint("the first parameter is '$1'");
  }
  return MakeExpr(SpanOf(token), Positional{index});
}

ExprPtr TreeBuilder::MakeMap(Span span, uint32_t token, std::vector<ExprPtr> keys, bool has_brackets) {
  return MakeExpr(span, MapAccess{Text(token).substr(1), std::move(keys), has_brackets});
}

ExprPtr TreeBuilder::MakeCall(Span span, uint32_t name, std::vector<ExprPtr> args) {
  return MakeExpr(span, Call{Text(name), SpanOf(name), std::move(args)});
}

ExprPtr TreeBuilder::MakeBinary(Span span, BinaryOp op, ExprPtr left, Span op_span, ExprPtr right) {
  return MakeExpr(span, Binary{op, std::move(left), std::move(right), op_span});
}

ExprPtr TreeBuilder::MakeIncDec(Span span, ExprPtr target, bool increment, bool prefix) {
  ReportTarget(*target, false);
  return MakeExpr(span, IncDec{std::move(target), increment, prefix});
}

ExprPtr TreeBuilder::MakeField(Span span, ExprPtr base, NameToken field, bool arrow) {
  return MakeExpr(span, FieldAccess{std::move(base), std::move(field.text), field.span, arrow});
}

ExprPtr TreeBuilder::MakeTuple(Span span, ExprPtr first, std::vector<ExprPtr> rest) {
  rest.insert(rest.begin(), std::move(first));
  return MakeExpr(span, Tuple{std::move(rest)});
}

void TreeBuilder::ReportMissingValue(Span block) {
  Span brace{block.file, block.end() - 1, 1};
  diagnostics_.Error(kBlockWithoutValue, brace, "a block used as a value must end in an expression")
      .Note(block, "the block begins here")
      .Hint("write the value last, without a semicolon: '{ …; $x }'");
}

ExprPtr TreeBuilder::MakeBlockExpr(Span span, StatementList list, bool needs_value) {
  BlockExpr block;
  if (!list.last_is_terminated && !list.statements.empty()) {
    if (auto* last = std::get_if<ExprStmt>(&list.statements.back()->node)) {
      block.value = std::move(last->expr);
      list.statements.pop_back();
    }
  }
  if (needs_value && !block.value) {
    if (!list.has_error) ReportMissingValue(span);
    block.value = MakeError(span);
  }
  for (PendingStmt& statement : list.statements) block.statements.push_back(std::move(statement));
  return MakeExpr(span, std::move(block));
}

Record::Field TreeBuilder::MakeRecordField(uint32_t name, ExprPtr value) {
  return {Text(name), SpanOf(name), std::move(value)};
}

// --- types

// A type that nests too deeply loses its parts.
PendingType TreeBuilder::Checked(PendingType type) {
  type->depth = DepthOf(*type);
  if (!IsTooDeep(type->depth, type->span)) return type;
  auto empty = std::make_unique<TypeName>();
  empty->span = type->span;
  return empty;
}

PendingType TreeBuilder::MakeNamedType(Span span, const std::string& words) {
  return MakeQualifiedType(span, words, std::make_unique<TypeName>());
}

PendingType TreeBuilder::MakeTaggedType(Span span, TypeName::Tag tag, uint32_t name) {
  auto type = std::make_unique<TypeName>();
  type->span = span;
  type->tag = tag;
  type->name = Text(name);
  return type;
}

// Sorts the words before a type (or all of a type) into qualifiers and name.
PendingType TreeBuilder::MakeQualifiedType(Span span, const std::string& words, PendingType type) {
  type->span = span;
  std::string name;
  for (size_t start = 0; start < words.size();) {
    size_t end = std::min(words.find(' ', start), words.size());
    std::string word = words.substr(start, end - start);
    if (word == "const") {
      type->is_const = true;
    } else if (word == "volatile") {
      type->is_volatile = true;
    } else {
      name += (name.empty() ? "" : " ") + word;
    }
    start = end + 1;
  }
  bool has_tag = type->tag != TypeName::Tag::kNone;
  if (has_tag != name.empty()) {
    diagnostics_.Error(kInvalidType, span, fmt::format("'{}' does not name a type", words.substr(0, 40)));
  }
  if (!has_tag) type->name = std::move(name);
  return type;
}

PendingType TreeBuilder::MakeTypeof(Span span, ExprPtr argument) {
  auto type = std::make_unique<TypeName>();
  type->span = span;
  if (const auto* named = std::get_if<TypeArgument>(&argument->node)) {
    // The argument is ours alone and was never shared, so its type may move into its place.
    type->typeof_type = std::make_unique<TypeName>(std::move(const_cast<TypeArgument*>(named)->type));
  } else {
    type->typeof_expr = std::move(argument);
  }
  return Checked(std::move(type));
}

PendingType TreeBuilder::MakeTupleType(Span span, std::vector<TypeName> elements) {
  auto type = std::make_unique<TypeName>();
  type->span = span;
  type->is_tuple = true;
  type->tuple = std::move(elements);
  return Checked(std::move(type));
}

PendingType TreeBuilder::AddDimension(Span span, PendingType type, std::optional<ExprPtr> count) {
  type->span = span;
  type->dimensions.push_back(std::move(count));
  return Checked(std::move(type));
}

// --- statements

PendingStmt TreeBuilder::MakeStmt(Span span, Stmt::Node node) {
  uint32_t depth = DepthOf(node);
  return std::make_unique<Stmt>(span, depth, std::move(node));
}

// What stands left of `=` or beside `++`. Sema checks what it is; here only its shape.
void TreeBuilder::ReportTarget(const Expr& target, bool assigned) {
  if (std::holds_alternative<Variable>(target.node) || std::holds_alternative<MapAccess>(target.node) ||
      std::holds_alternative<ErrorExpr>(target.node)) {
    return;
  }
  std::string_view deed = assigned ? "assigned to" : "incremented or decremented";
  if (const auto* name = std::get_if<Identifier>(&target.node)) {
    diagnostics_.Error(kInvalidTarget, target.span, fmt::format("'{}' cannot be {}", name->name, deed))
        .Hint(fmt::format("a variable is written '${0}', a map '@{0}'", name->name));
    return;
  }
  diagnostics_.Error(kInvalidTarget, target.span, fmt::format("this expression cannot be {}", deed))
      .Hint("only variables ($x) and maps (@x, @x[key]) change their values");
}

PendingStmt TreeBuilder::MakeAssign(Span span, ExprPtr target, std::optional<BinaryOp> op, ExprPtr value) {
  const auto* name = std::get_if<Identifier>(&target->node);
  if (name && name->name == "_" && !op) return MakeStmt(span, Discard{std::move(value)});
  ReportTarget(*target, true);
  return MakeStmt(span, Assign{std::move(target), op, std::move(value)});
}

PendingStmt TreeBuilder::MakeLet(Span span, uint32_t name, PendingType type, ExprPtr value) {
  return MakeStmt(span, Let{Text(name).substr(1), SpanOf(name), std::move(type), std::move(value)});
}

ExprPtr TreeBuilder::CheckCondition(ExprPtr condition) {
  if (std::holds_alternative<Record>(condition->node)) {
    diagnostics_.Error(kSyntaxError, condition->span, "'=' makes a record here, which is no condition")
        .Hint("to compare, write '=='");
  }
  return condition;
}

PendingStmt TreeBuilder::MakeIf(IfChain chain) {
  Span span = Cover(chain.links.front().span, chain.links.back().span);
  return MakeIfElse(span, std::move(chain), nullptr);
}

PendingStmt TreeBuilder::MakeIfElse(Span span, IfChain chain, BlockPtr last) {
  BlockPtr else_block = std::move(last);
  bool else_is_if = false;
  while (true) {
    IfChain::Link link = std::move(chain.links.back());
    chain.links.pop_back();
    Span if_span = Cover(link.span, span);
    PendingStmt statement =
        MakeStmt(if_span, If{std::move(link.condition), std::move(link.block), std::move(else_block), else_is_if});
    if (chain.links.empty()) return statement;
    std::vector<StmtPtr> statements;
    statements.push_back(std::move(statement));
    else_block = FinishBlock(if_span, std::move(statements));
    else_is_if = !else_block->statements.empty();
  }
}

PendingStmt TreeBuilder::MakeFor(Span span, uint32_t variable, ForSource source, BlockPtr body) {
  std::string name = Text(variable).substr(1);
  Span name_span = SpanOf(variable);
  if (!source.end) return MakeStmt(span, ForMap{name, name_span, std::move(source.first), std::move(body)});
  return MakeStmt(span, ForRange{name, name_span, std::move(source.first), std::move(source.end), std::move(body)});
}

BlockPtr TreeBuilder::FinishBlock(Span span, std::vector<StmtPtr> statements) {
  auto block = std::make_unique<Block>();
  block->span = span;
  uint32_t depth = DepthOfBlock(statements);
  if (IsTooDeep(depth, span)) return block;
  block->depth = depth;
  block->statements = std::move(statements);
  return block;
}

BlockPtr TreeBuilder::MakeBlock(Span span, StatementList list) {
  std::vector<StmtPtr> statements;
  statements.reserve(list.statements.size());
  for (PendingStmt& statement : list.statements) statements.push_back(std::move(statement));
  return FinishBlock(span, std::move(statements));
}

// --- items

void TreeBuilder::AddItem(Span span, Item::Node node) { ast_.items.push_back({span, std::move(node)}); }

void TreeBuilder::AddCDefinition(uint32_t token) { AddItem(SpanOf(token), CDefinition{Text(token)}); }

void TreeBuilder::AddImport(Span span, uint32_t path) { AddItem(span, Import{TakeString(path)}); }

void TreeBuilder::AddMapDeclaration(Span span, uint32_t name, uint32_t type, ExprPtr max_entries) {
  AddItem(span, MapDeclaration{Text(name).substr(1), SpanOf(name), Text(type), SpanOf(type), std::move(max_entries)});
}

void TreeBuilder::AddMacro(Span span, uint32_t name, std::vector<MacroParameter> parameters, bool has_parentheses,
                           Span body_span, StatementList body) {
  AddItem(span, Macro{Text(name), SpanOf(name), std::move(parameters), has_parentheses,
                      MakeBlockExpr(body_span, std::move(body), false)});
}

void TreeBuilder::AddProbe(Span span, NameToken name, std::vector<ProbeSpec> specs, ExprPtr predicate, BlockPtr body) {
  AddItem(span, Probe{std::move(name.text), name.span, std::move(specs), std::move(predicate), std::move(body)});
}

PendingEntry TreeBuilder::MakeConfigEntry(Span span, uint32_t name, ExprPtr value) {
  return std::make_unique<ConfigEntry>(span, Text(name), SpanOf(name), std::move(value));
}

MacroParameter TreeBuilder::MakeParameter(MacroParameter::Kind kind, uint32_t token) {
  std::string text = Text(token);
  if (kind != MacroParameter::Kind::kExpression) text.erase(0, 1);
  return {SpanOf(token), kind, std::move(text)};
}

}  // namespace sonde::parser
