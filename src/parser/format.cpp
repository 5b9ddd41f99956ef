// Items and statements of a formatted script.
#include <fmt/format.h>

#include "parser/formatter.h"
#include "parser/operators.h"
#include "parser/parser.h"

namespace sonde::parser {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Statements that end in their own `}`.
bool EndsInBlock(const Stmt& statement) {
  return std::holds_alternative<If>(statement.node) || std::holds_alternative<Unroll>(statement.node) ||
         std::holds_alternative<While>(statement.node) || std::holds_alternative<ForRange>(statement.node) ||
         std::holds_alternative<ForMap>(statement.node) || std::holds_alternative<BlockStmt>(statement.node);
}

std::string_view Sigil(MacroParameter::Kind kind) {
  switch (kind) {
    case MacroParameter::Kind::kVariable:
      return "$";
    case MacroParameter::Kind::kMap:
      return "@";
    case MacroParameter::Kind::kExpression:
      return "";
  }
  return "";
}

// True when the text of the expression begins with `*`, which after a `/` would begin a comment.
bool StartsWithStar(const Expr& expr) {
  if (const auto* unary = std::get_if<Unary>(&expr.node)) return unary->op == UnaryOp::kDereference;
  if (const auto* binary = std::get_if<Binary>(&expr.node)) return StartsWithStar(*binary->left);
  if (const auto* ternary = std::get_if<Ternary>(&expr.node)) return StartsWithStar(*ternary->condition);
  return false;
}

}  // namespace

std::string Format(const Ast& ast, const SourceManager& sources) { return Formatter(ast, sources).Run(); }

std::string Formatter::Run() {
  auto end = static_cast<uint32_t>(sources_.Text(ast_.file).size());
  for (size_t i = 0; i < ast_.items.size(); ++i) {
    const Item& item = ast_.items[i];
    span_ = item.span;
    writer_.StartLine(item.span.offset);
    std::visit(*this, item.node);
    writer_.EndLine(item.span.end(), i + 1 < ast_.items.size() ? ast_.items[i + 1].span.offset : end);
  }
  writer_.CommentLines(end + 1);
  return writer_.Take();
}

// --- items

void Formatter::operator()(const CDefinition& node) { writer_.Write(node.text); }

void Formatter::operator()(const ConfigBlock& node) {
  uint32_t end = span_.end() - 1;
  writer_.Write("config = {");
  if (node.entries.empty() && !writer_.HasCommentBefore(end)) return writer_.Write("}");
  uint32_t first = node.entries.empty() ? end : node.entries[0].span.offset;
  writer_.Indent();
  // The brace stands somewhere before the first entry; comments before that are best kept beside it.
  writer_.EndLine(static_cast<uint32_t>(sources_.Text(ast_.file).find('{', span_.offset)) + 1, first);
  writer_.StartBlock();
  for (size_t i = 0; i < node.entries.size(); ++i) {
    const ConfigEntry& entry = node.entries[i];
    writer_.StartLine(entry.span.offset);
    writer_.Write(entry.name + " = ");
    Print(entry.value);
    writer_.Write(";");
    writer_.EndLine(entry.span.end(), i + 1 < node.entries.size() ? node.entries[i + 1].span.offset : end);
  }
  writer_.CommentLines(end);
  writer_.Outdent();
  writer_.Write("}");
}

void Formatter::operator()(const Import& node) { writer_.Write(fmt::format("import {};", Quoted(node.path))); }

void Formatter::operator()(const MapDeclaration& node) {
  writer_.Write(fmt::format("let @{} = {}(", node.name, node.map_type));
  if (node.max_entries) Print(node.max_entries);
  writer_.Write(");");
}

void Formatter::operator()(const Macro& node) {
  writer_.Write("macro " + node.name);
  if (node.has_parentheses) {
    writer_.Write("(");
    for (size_t i = 0; i < node.parameters.size(); ++i) {
      if (i > 0) {
        writer_.Write(",");
        writer_.WriteBreak();
      }
      writer_.CommentsBefore(node.parameters[i].span.offset);
      writer_.Write(fmt::format("{}{}", Sigil(node.parameters[i].kind), node.parameters[i].name));
    }
    writer_.Write(")");
  }
  writer_.Write(" ");
  Print(node.body);
}

void Formatter::operator()(const Probe& node) {
  if (!node.name.empty()) writer_.Write(node.name + " = ");
  PrintSpecs(node);
  if (node.predicate) PrintPredicate(node.predicate);
  writer_.Write(" ");
  PrintBlock(node.body);
}

// All specs but the last end their lines; the last does when a predicate follows.
void Formatter::PrintSpecs(const Probe& node) {
  for (size_t i = 0; i < node.specs.size(); ++i) {
    const ProbeSpec& spec = node.specs[i];
    bool is_last = i + 1 == node.specs.size();
    if (i == 0 && !node.name.empty()) {
      writer_.CommentsBefore(spec.span.offset);
    } else {
      writer_.CommentLines(spec.span.offset);
    }
    writer_.Write(spec.text);
    if (!is_last) {
      writer_.Write(",");
      writer_.EndLine(spec.span.end(), node.specs[i + 1].span.offset);
    } else if (node.predicate) {
      writer_.EndLine(spec.span.end(), node.predicate->span.offset);
    }
  }
}

void Formatter::PrintPredicate(const ExprPtr& predicate) {
  writer_.CommentLines(predicate->span.offset);
  writer_.Write(StartsWithStar(*predicate) ? "/ " : "/");
  Print(predicate);
  writer_.Write("/");
}

// --- statements

void Formatter::PrintStatement(const Stmt& statement, uint32_t limit) {
  span_ = statement.span;
  writer_.StartLine(statement.span.offset);
  std::visit(*this, statement.node);
  if (!EndsInBlock(statement)) writer_.Write(";");
  writer_.EndLine(statement.span.end(), limit);
}

void Formatter::PrintBody(Span span, const std::vector<StmtPtr>& statements, const ExprPtr& value) {
  uint32_t close = span.end() - 1;
  writer_.CommentsBefore(span.offset);
  writer_.Write("{");
  if (statements.empty() && !value && !writer_.HasCommentBefore(close)) return writer_.Write("}");
  auto start_of = [&](size_t i) {
    if (i < statements.size()) return statements[i]->span.offset;
    return value ? value->span.offset : close;
  };
  writer_.Indent();
  writer_.EndLine(span.offset + 1, start_of(0));
  writer_.StartBlock();
  for (size_t i = 0; i < statements.size(); ++i) PrintStatement(*statements[i], start_of(i + 1));
  if (value) {
    writer_.StartLine(value->span.offset);
    Print(value);
    writer_.EndLine(value->span.end(), close);
  }
  writer_.CommentLines(close);
  writer_.Outdent();
  writer_.Write("}");
}

void Formatter::PrintBlock(const BlockPtr& block) { PrintBody(block->span, block->statements, nullptr); }

void Formatter::PrintKeyword(std::string_view keyword, const ExprPtr& condition, const BlockPtr& body) {
  writer_.Write(keyword);
  writer_.Write(" ");
  Print(condition);
  writer_.Write(" ");
  PrintBlock(body);
}

void Formatter::operator()(const ExprStmt& node) { Print(node.expr); }

void Formatter::operator()(const Assign& node) {
  Print(node.target);
  writer_.Write(fmt::format(" {}= ", node.op ? Spelling(*node.op) : ""));
  Print(node.value);
}

void Formatter::operator()(const Let& node) {
  writer_.Write("let $" + node.name);
  if (node.type) {
    writer_.Write(": ");
    PrintType(*node.type);
  }
  if (node.value) {
    writer_.Write(" = ");
    Print(node.value);
  }
}

void Formatter::operator()(const Discard& node) {
  writer_.Write("_ = ");
  Print(node.value);
}

void Formatter::operator()(const If& node) {
  PrintKeyword("if", node.condition, node.then_block);
  if (!node.else_block) return;
  writer_.Write(" else ");
  if (!node.else_is_if) return PrintBlock(node.else_block);
  const Stmt& next = *node.else_block->statements[0];
  writer_.CommentsBefore(next.span.offset);
  std::visit(*this, next.node);
}

void Formatter::operator()(const Unroll& node) { PrintKeyword("unroll", node.count, node.body); }

void Formatter::operator()(const While& node) { PrintKeyword("while", node.condition, node.body); }

void Formatter::operator()(const ForRange& node) {
  writer_.Write(fmt::format("for (${} : ", node.variable));
  Print(node.start);
  writer_.Write("..");
  Print(node.end);
  writer_.Write(") ");
  PrintBlock(node.body);
}

void Formatter::operator()(const ForMap& node) {
  writer_.Write(fmt::format("for (${} : ", node.variable));
  Print(node.map);
  writer_.Write(") ");
  PrintBlock(node.body);
}

void Formatter::operator()(const Break&) { writer_.Write("break"); }

void Formatter::operator()(const Continue&) { writer_.Write("continue"); }

void Formatter::operator()(const Return& node) {
  writer_.Write("return");
  if (!node.value) return;
  writer_.Write(" ");
  Print(node.value);
}

void Formatter::operator()(const BlockStmt& node) { PrintBlock(node.block); }

}  // namespace sonde::parser
