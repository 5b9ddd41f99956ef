// --emit=program: the typed program as text, one statement a line, expressions with their types.
#include <fmt/format.h>

#include "sema/builtin.h"
#include "sema/program.h"

namespace sonde::sema {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

constexpr std::string_view Symbol(BinaryOp op) {
  constexpr std::string_view kSymbols[] = {
      "*", "/", "%", "+", "-", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&", "^", "|", "&&", "||"};
  return kSymbols[static_cast<size_t>(op)];
}

class Dumper {
 public:
  explicit Dumper(const Program& program) : program_(program) {}

  std::string Run() {
    for (const MapInfo& map : program_.maps) {
      Line(fmt::format("map {} key {} value {}{}", map.name, map.key == nullptr ? "none" : Name(*map.key),
                       Name(*map.value), Aggregate(map)));
    }
    for (size_t i = 0; i < program_.bodies.size(); ++i) DumpBody(i);
    for (const ProbeInstance& probe : program_.probes) Line(fmt::format("probe {} body {}", probe.name, probe.body));
    return out_;
  }

 private:
  static std::string Aggregate(const MapInfo& map) {
    constexpr std::string_view kNames[] = {"",     " count", " sum",  " avg",   " min",
                                           " max", " stats", " hist", " lhist", " tseries"};
    return std::string(kNames[static_cast<size_t>(map.aggregation)]);
  }

  void Line(const std::string& text) { out_ += std::string(indent_ * 2, ' ') + text + "\n"; }

  void DumpBody(size_t index) {
    body_ = &program_.bodies[index];
    Line(fmt::format("body {}{}", index, body_->needs_record ? " needs the perf record" : ""));
    ++indent_;
    for (const Variable& variable : body_->variables)
      Line(fmt::format("variable ${} {}", variable.name, Name(*variable.type)));
    if (body_->predicate != nullptr) Line("predicate " + Text(*body_->predicate));
    Block(body_->statements);
    --indent_;
  }

  void Block(const Statements& statements) {
    for (const StmtPtr& statement : statements) Statement(*statement);
  }

  void Indented(const Statements& statements) {
    ++indent_;
    Block(statements);
    --indent_;
  }

  void Statement(const Stmt& stmt) {
    std::visit(Overloaded{
                   [&](const Evaluate& node) { Line(Text(*node.expr)); },
                   [&](const AssignVariable& node) { Line(Var(node.variable) + " = " + Text(*node.value)); },
                   [&](const Declare& node) { Line("let " + Var(node.variable)); },
                   [&](const AssignMap& node) { Line(Map(node.target) + " = " + Text(*node.value)); },
                   [&](const AddToMap& node) {
                     Line(Map(node.target) + (node.subtract ? " -= " : " += ") + Text(*node.value));
                   },
                   [&](const UpdateAggregate& node) { Line(Map(node.target) + " = " + Text(*node.call)); },
                   [&](const If& node) {
                     Line("if " + Text(*node.condition));
                     Indented(node.then_statements);
                     if (!node.else_statements.empty()) Line("else");
                     Indented(node.else_statements);
                   },
                   [&](const Unroll& node) {
                     Line(fmt::format("unroll {}", node.count));
                     Indented(node.body);
                   },
                   [&](const While& node) {
                     Line("while " + Text(*node.condition));
                     Indented(node.body);
                   },
                   [&](const ForRange& node) {
                     Line(fmt::format("for {} in {} .. {}", Var(node.variable), Text(*node.start), Text(*node.end)));
                     Indented(node.body);
                   },
                   [&](const ForMap& node) {
                     Line(fmt::format("for {} in {}", Var(node.variable), program_.maps[node.map].name));
                     Indented(node.body);
                   },
                   [&](const Break&) { Line("break"); },
                   [&](const Continue&) { Line("continue"); },
                   [&](const Return& node) { Line(node.value == nullptr ? "return" : "return " + Text(*node.value)); },
                   [&](const Nested& node) {
                     Line("block");
                     Indented(node.statements);
                   },
               },
               stmt.node);
  }

  std::string Var(uint32_t variable) { return "$" + body_->variables[variable].name; }

  std::string Map(const MapRef& ref) {
    std::string name = program_.maps[ref.map].name;
    return ref.key == nullptr ? name : fmt::format("{}[{}]", name, Text(*ref.key));
  }

  std::string List(const std::vector<ExprPtr>& list) {
    std::string text;
    for (const ExprPtr& expr : list) text += (text.empty() ? "" : ", ") + Text(*expr);
    return text;
  }

  std::string Text(const Expr& expr) {
    std::string text = std::visit(
        Overloaded{
            [&](const Constant& node) {
              return expr.type->is_signed ? fmt::format("{}", static_cast<int64_t>(node.bits))
                                          : fmt::format("{}", node.bits);
            },
            [&](const StringConstant& node) { return fmt::format("\"{}\"", node.value); },
            [&](const VariableRef& node) { return Var(node.variable); },
            [&](const MapRead& node) { return Map(node.ref); },
            [&](const Unary& node) {
              return fmt::format("{}({})", "-~!"[static_cast<size_t>(node.op)], Text(*node.operand));
            },
            [&](const Binary& node) {
              return fmt::format("({} {} {})", Text(*node.left), Symbol(node.op), Text(*node.right));
            },
            [&](const StringCompare& node) {
              return fmt::format("({} {} {})", Text(*node.left), node.equal ? "==" : "!=", Text(*node.right));
            },
            [&](const MemoryCompare& node) {
              return fmt::format("({} {} {})", Text(*node.left), node.equal ? "==" : "!=", Text(*node.right));
            },
            [&](const Logical& node) {
              return fmt::format("({} {} {})", Text(*node.left), node.is_and ? "&&" : "||", Text(*node.right));
            },
            [&](const Convert& node) { return fmt::format("convert({})", Text(*node.operand)); },
            [&](const Ternary& node) {
              if (node.then_value == nullptr)
                return fmt::format("({} ?: {})", Text(*node.condition), Text(*node.else_value));
              return fmt::format("({} ? {} : {})", Text(*node.condition), Text(*node.then_value),
                                 Text(*node.else_value));
            },
            [&](const IncDec& node) {
              std::string target = std::visit(Overloaded{[&](const VariableRef& ref) { return Var(ref.variable); },
                                                         [&](const MapRef& ref) { return Map(ref); }},
                                              node.target);
              std::string op = node.increment ? "++" : "--";
              return node.prefix ? op + target : target + op;
            },
            [&](const Call& node) { return fmt::format("{}({})", node.builtin->name, List(node.args)); },
            [&](const ArgsField& node) { return "args." + body_->args->fields[node.field].name; },
            [&](const Load& node) {
              std::string index = node.index == nullptr ? "" : ", [" + Text(*node.index) + "]";
              return fmt::format("load({}, +{}{})", Text(*node.pointer), node.offset, index);
            },
            [&](const AddressOf& node) {
              return "&" + std::visit(Overloaded{[&](const VariableRef& ref) { return Var(ref.variable); },
                                                 [&](const MapRef& ref) { return Map(ref); }},
                                      node.target);
            },
            [&](const Member& node) {
              std::string index = node.index == nullptr ? "" : ", [" + Text(*node.index) + "]";
              return fmt::format("member({}, +{}{})", Text(*node.base), node.offset, index);
            },
            [&](const Tuple& node) { return fmt::format("({})", List(node.elements)); },
            [&](const BlockValue& node) { return fmt::format("{{…; {}}}", node.value ? Text(*node.value) : ""); },
        },
        expr.node);
    return text + ":" + Name(*expr.type);
  }

  const Program& program_;
  const Body* body_ = nullptr;
  std::string out_;
  size_t indent_ = 0;
};

}  // namespace

std::string Dump(const Program& program) { return Dumper(program).Run(); }

}  // namespace sonde::sema
