// Expressions and types of a formatted script. Parentheses and literals stay as written.
#include <fmt/format.h>

#include "parser/formatter.h"
#include "parser/operators.h"

namespace sonde::parser {
namespace {

// The literals between the quotes of `"a" "b"`, as written; comments between them are skipped.
std::vector<std::string_view> StringPieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      i = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
    } else if (text[i] == '"') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      pieces.push_back(text.substr(i, end - i));
      i = end;
    } else {
      ++i;
    }
  }
  return pieces;
}

// `- -x`, `+ ++x`, `& &x`: written without a blank they would be another operator.
bool NeedsBlank(UnaryOp op, const Expr& operand) {
  if (const auto* unary = std::get_if<Unary>(&operand.node)) {
    return op == unary->op && (op == UnaryOp::kNegate || op == UnaryOp::kPlus || op == UnaryOp::kAddressOf);
  }
  const auto* step = std::get_if<IncDec>(&operand.node);
  return step && step->prefix && op == (step->increment ? UnaryOp::kPlus : UnaryOp::kNegate);
}

bool IsLogical(BinaryOp op) { return op == BinaryOp::kLogicalAnd || op == BinaryOp::kLogicalOr; }

}  // namespace

void Formatter::Print(const ExprPtr& expr) {
  Span outer = span_;
  span_ = expr->span;
  bool is_block = std::holds_alternative<BlockExpr>(expr->node);
  if (!is_block) writer_.CommentsBefore(expr->span.offset);
  std::visit(*this, expr->node);
  span_ = outer;
}

void Formatter::PrintList(const std::vector<ExprPtr>& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) {
      writer_.Write(",");
      writer_.WriteBreak();
    }
    Print(list[i]);
  }
}

// The closing bracket of the node that is being printed.
void Formatter::Close(std::string_view bracket) {
  writer_.CommentsBeforeCloser(span_.end() - 1);
  writer_.Write(bracket);
}

void Formatter::operator()(const IntLiteral& node) { writer_.Write(node.spelling); }

void Formatter::operator()(const FloatLiteral& node) { writer_.Write(node.spelling); }

void Formatter::operator()(const BoolLiteral& node) { writer_.Write(node.value ? "true" : "false"); }

void Formatter::operator()(const StringLiteral&) {
  std::vector<std::string_view> pieces = StringPieces(sources_.Text(span_));
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) writer_.WriteBreak();
    writer_.CommentsBefore(span_.offset + static_cast<uint32_t>(pieces[i].data() - sources_.Text(span_).data()));
    writer_.Write(pieces[i]);
  }
}

void Formatter::operator()(const Identifier& node) { writer_.Write(node.name); }

void Formatter::operator()(const Variable& node) { writer_.Write("$" + node.name); }

void Formatter::operator()(const MapAccess& node) {
  writer_.Write("@" + node.name);
  if (!node.has_brackets) return;
  writer_.Write("[");
  PrintList(node.keys);
  Close("]");
}

void Formatter::operator()(const Positional& node) { writer_.Write(fmt::format("${}", node.index)); }

void Formatter::operator()(const PositionalCount&) { writer_.Write("$#"); }

void Formatter::operator()(const Unary& node) {
  writer_.Write(Spelling(node.op));
  if (NeedsBlank(node.op, *node.operand)) writer_.Write(" ");
  Print(node.operand);
}

void Formatter::operator()(const Binary& node) {
  Print(node.left);
  writer_.Write(fmt::format(" {}", Spelling(node.op)));
  if (IsLogical(node.op)) {
    writer_.WriteBreak();
  } else {
    writer_.Write(" ");
  }
  Print(node.right);
}

void Formatter::operator()(const IncDec& node) {
  std::string_view op = node.increment ? "++" : "--";
  if (node.prefix) writer_.Write(op);
  Print(node.target);
  if (!node.prefix) writer_.Write(op);
}

void Formatter::operator()(const Ternary& node) {
  Print(node.condition);
  if (node.then_value) {
    writer_.Write(" ? ");
    Print(node.then_value);
    writer_.Write(" : ");
  } else {
    writer_.Write(" ?: ");
  }
  Print(node.else_value);
}

void Formatter::operator()(const Call& node) {
  writer_.Write(node.name + "(");
  PrintList(node.args);
  Close(")");
}

void Formatter::operator()(const TypeArgument& node) { PrintType(node.type); }

void Formatter::operator()(const FieldAccess& node) {
  Print(node.base);
  // `1 .0` is a field, `1.0` a number.
  if (!node.arrow && std::holds_alternative<IntLiteral>(node.base->node)) writer_.Write(" ");
  writer_.Write((node.arrow ? "->" : ".") + node.field);
}

void Formatter::operator()(const Index& node) {
  Print(node.base);
  writer_.Write("[");
  Print(node.index);
  Close("]");
}

void Formatter::operator()(const Cast& node) {
  writer_.Write("(");
  PrintType(node.type);
  writer_.Write(")");
  Print(node.operand);
}

void Formatter::operator()(const Paren& node) {
  writer_.Write("(");
  Print(node.inner);
  Close(")");
}

void Formatter::operator()(const Tuple& node) {
  writer_.Write("(");
  PrintList(node.elements);
  if (node.elements.size() == 1) writer_.Write(",");
  Close(")");
}

void Formatter::operator()(const Record& node) {
  writer_.Write("(");
  for (size_t i = 0; i < node.fields.size(); ++i) {
    if (i > 0) {
      writer_.Write(",");
      writer_.WriteBreak();
    }
    writer_.CommentsBefore(node.fields[i].name_span.offset);
    writer_.Write(node.fields[i].name + "=");
    Print(node.fields[i].value);
  }
  Close(")");
}

void Formatter::operator()(const BlockExpr& node) { PrintBody(span_, node.statements, node.value); }

void Formatter::operator()(const ErrorExpr&) { writer_.Write(sources_.Text(span_)); }

// --- types

void Formatter::PrintType(const TypeName& type) {
  std::string words;
  for (std::string_view word :
       {std::string_view(type.is_const ? "const" : ""), std::string_view(type.is_volatile ? "volatile" : ""),
        Spelling(type.tag), std::string_view(type.name)}) {
    if (!word.empty()) words.append(words.empty() ? "" : " ").append(word);
  }
  if ((type.typeof_expr || type.typeof_type) && !words.empty()) words += " ";
  writer_.Write(words);
  if (type.typeof_expr || type.typeof_type) {
    writer_.Write("typeof(");
    if (type.typeof_expr) Print(type.typeof_expr);
    if (type.typeof_type) PrintType(*type.typeof_type);
    writer_.Write(")");
  }
  if (type.is_tuple) {
    writer_.Write("(");
    for (size_t i = 0; i < type.tuple.size(); ++i) {
      if (i > 0) writer_.Write(", ");
      PrintType(type.tuple[i]);
    }
    writer_.Write(")");
  }
  if (type.pointer_depth > 0) writer_.Write(" " + std::string(type.pointer_depth, '*'));
  for (const std::optional<ExprPtr>& dimension : type.dimensions) {
    writer_.Write("[");
    if (dimension) Print(*dimension);
    writer_.Write("]");
  }
}

}  // namespace sonde::parser
