// The tree as indented text, one node a line: a row a node type, so that a new one does not build until it has its own.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "parser/operators.h"
#include "parser/parser.h"

namespace sonde::parser {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

class Dumper {
 public:
  Dumper(const SourceManager& sources, bool spans) : sources_(sources), spans_(spans) {}

  std::string Run(const Ast& ast) {
    for (const Item& item : ast.items) {
      span_ = item.span;
      std::visit(*this, item.node);
    }
    return std::move(out_);
  }

  // --- items

  void operator()(const CDefinition& node) { Line("CDefinition", Quoted(node.text)); }
  void operator()(const ConfigBlock& node) {
    Line("Config");
    for (const ConfigEntry& entry : node.entries) In("Entry", entry.name, entry.span, entry.value);
  }
  void operator()(const Import& node) { Line("Import", Quoted(node.path)); }
  void operator()(const MapDeclaration& node) {
    Line("MapDeclaration", fmt::format("@{} {}", node.name, node.map_type));
    Child(node.max_entries);
  }
  void operator()(const Macro& node) {
    Line("Macro", node.name + (node.has_parentheses ? "()" : ""));
    for (const MacroParameter& parameter : node.parameters) {
      In("Parameter", fmt::format("{}{}", Sigil(parameter.kind), parameter.name), parameter.span);
    }
    Child(node.body);
  }
  void operator()(const Probe& node) {
    Line("Probe", node.name);
    for (const ProbeSpec& spec : node.specs) {
      std::string parts;
      for (const ProbeSpec::Part& part : spec.parts) {
        parts += (parts.empty() ? "" : " : ") + (part.quoted ? Quoted(part.text) : part.text);
      }
      In("Spec", parts, spec.span);
    }
    Labelled("Predicate", node.predicate);
    Child(node.body);
  }

  // --- statements

  void operator()(const ExprStmt& node) {
    Line("ExprStmt");
    Child(node.expr);
  }
  void operator()(const Assign& node) {
    Line("Assign", fmt::format("{}=", node.op ? Spelling(*node.op) : ""));
    Child(node.target);
    Child(node.value);
  }
  void operator()(const Let& node) {
    Line("Let", "$" + node.name);
    if (node.type) Child(*node.type);
    Child(node.value);
  }
  void operator()(const Discard& node) {
    Line("Discard");
    Child(node.value);
  }
  void operator()(const If& node) {
    Line("If");
    Child(node.condition);
    Child(node.then_block);
    if (node.else_block) In(node.else_is_if ? "ElseIf" : "Else", "", node.else_block->span, node.else_block);
  }
  void operator()(const Unroll& node) {
    Line("Unroll");
    Child(node.count);
    Child(node.body);
  }
  void operator()(const While& node) {
    Line("While");
    Child(node.condition);
    Child(node.body);
  }
  void operator()(const ForRange& node) {
    Line("ForRange", "$" + node.variable);
    Child(node.start);
    Child(node.end);
    Child(node.body);
  }
  void operator()(const ForMap& node) {
    Line("ForMap", "$" + node.variable);
    Child(node.map);
    Child(node.body);
  }
  void operator()(const Break&) { Line("Break"); }
  void operator()(const Continue&) { Line("Continue"); }
  void operator()(const Return& node) {
    Line("Return");
    Child(node.value);
  }
  void operator()(const BlockStmt& node) {
    Line("BlockStmt");
    Child(node.block);
  }

  // --- expressions

  void operator()(const IntLiteral& node) {
    std::string value = fmt::format("{}", node.value);
    Line("Int", value == node.spelling ? value : fmt::format("{} ({})", value, node.spelling));
  }
  void operator()(const FloatLiteral& node) { Line("Float", node.spelling); }
  void operator()(const BoolLiteral& node) { Line("Bool", node.value ? "true" : "false"); }
  void operator()(const StringLiteral& node) { Line("String", Quoted(node.value)); }
  void operator()(const Identifier& node) { Line("Identifier", node.name); }
  void operator()(const Variable& node) { Line("Variable", "$" + node.name); }
  void operator()(const MapAccess& node) {
    Line("Map", fmt::format("@{}{}", node.name, node.has_brackets ? "[]" : ""));
    Children(node.keys);
  }
  void operator()(const Positional& node) { Line("Positional", fmt::format("${}", node.index)); }
  void operator()(const PositionalCount&) { Line("PositionalCount"); }
  void operator()(const Unary& node) {
    Line("Unary", Spelling(node.op));
    Child(node.operand);
  }
  void operator()(const Binary& node) {
    Line("Binary", Spelling(node.op));
    Child(node.left);
    Child(node.right);
  }
  void operator()(const IncDec& node) {
    Line(node.prefix ? "Prefix" : "Postfix", node.increment ? "++" : "--");
    Child(node.target);
  }
  void operator()(const Ternary& node) {
    Line("Ternary", node.then_value ? "" : "?:");
    Child(node.condition);
    Child(node.then_value);
    Child(node.else_value);
  }
  void operator()(const Call& node) {
    Line("Call", node.name);
    Children(node.args);
  }
  void operator()(const TypeArgument& node) {
    Line("TypeArgument");
    Child(node.type);
  }
  void operator()(const FieldAccess& node) {
    Line("Field", (node.arrow ? "->" : ".") + node.field);
    Child(node.base);
  }
  void operator()(const Index& node) {
    Line("Index");
    Child(node.base);
    Child(node.index);
  }
  void operator()(const Cast& node) {
    Line("Cast");
    Child(node.type);
    Child(node.operand);
  }
  void operator()(const Paren& node) {
    Line("Paren");
    Child(node.inner);
  }
  void operator()(const Tuple& node) {
    Line("Tuple");
    Children(node.elements);
  }
  void operator()(const Record& node) {
    Line("Record");
    for (const Record::Field& field : node.fields) In("Entry", field.name, field.name_span, field.value);
  }
  void operator()(const BlockExpr& node) {
    Line("BlockExpr");
    Children(node.statements);
    Labelled("Value", node.value);
  }
  void operator()(const ErrorExpr&) { Line("Error"); }

 private:
  static std::string_view Sigil(MacroParameter::Kind kind) {
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

  // One line, about span_.
  void Line(std::string_view name, std::string_view detail = "") {
    out_.append(2 * indent_, ' ').append(name);
    if (!detail.empty()) out_.append(" ").append(detail);
    if (spans_) {
      Position from = sources_.Locate(span_);
      Position to = sources_.Locate({span_.file, span_.end(), 0});
      fmt::format_to(std::back_inserter(out_), " [{}:{}-{}:{}]", from.line, from.column, to.line, to.column);
    }
    out_ += '\n';
  }

  void Child(const ExprPtr& node) { Visit(node); }
  void Child(const StmtPtr& node) { Visit(node); }
  void Child(const BlockPtr& block) {
    ++indent_;
    span_ = block->span;
    Line("Block");
    Children(block->statements);
    --indent_;
  }
  void Child(const TypeName& type) {
    ++indent_;
    span_ = type.span;
    Line("Type", Describe(type));
    Child(type.typeof_expr);
    if (type.typeof_type) Child(*type.typeof_type);
    for (const TypeName& element : type.tuple) Child(element);
    for (const std::optional<ExprPtr>& dimension : type.dimensions) {
      if (dimension) Labelled("Dimension", *dimension);
    }
    --indent_;
  }

  template <typename Node>
  void Visit(const std::unique_ptr<const Node>& node) {
    if (!node) return;
    ++indent_;
    span_ = node->span;
    std::visit(*this, node->node);
    --indent_;
  }

  template <typename Node>
  void Children(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) Child(node);
  }

  // A line that is no node of its own, and what it holds.
  template <typename... Nodes>
  void In(std::string_view name, std::string_view detail, Span span, const Nodes&... children) {
    ++indent_;
    span_ = span;
    Line(name, detail);
    (Child(children), ...);
    --indent_;
  }

  void Labelled(std::string_view name, const ExprPtr& node) {
    if (node) In(name, "", node->span, node);
  }

  static std::string Describe(const TypeName& type) {
    std::string out;
    auto word = [&](std::string_view text) { out += (out.empty() || text.empty() ? "" : " ") + std::string(text); };
    if (type.is_const) word("const");
    if (type.is_volatile) word("volatile");
    word(Spelling(type.tag));
    word(type.name);
    if (type.typeof_expr || type.typeof_type) word("typeof");
    if (type.is_tuple) word("tuple");
    if (type.pointer_depth > 0) word(std::string(type.pointer_depth, '*'));
    for (size_t i = 0; i < type.dimensions.size(); ++i) out += "[]";
    return out;
  }

  const SourceManager& sources_;
  bool spans_;
  std::string out_;
  size_t indent_ = 0;
  Span span_;
};

}  // namespace

std::string Dump(const Ast& ast, const SourceManager& sources, bool spans) { return Dumper(sources, spans).Run(ast); }

}  // namespace sonde::parser
