#include "sema/script_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "parser/walk.h"
#include "sema/diagnostic_ids.h"

namespace sonde::sema {
namespace {

std::optional<OptionValue> ReadDefault(const parser::Expr& expr) {
  if (const auto* paren = std::get_if<parser::Paren>(&expr.node)) return ReadDefault(*paren->inner);
  if (const auto* truth = std::get_if<parser::BoolLiteral>(&expr.node)) return truth->value;
  if (const auto* text = std::get_if<parser::StringLiteral>(&expr.node)) return text->value;
  if (const auto* number = std::get_if<parser::IntLiteral>(&expr.node)) return static_cast<int64_t>(number->value);
  const auto* unary = std::get_if<parser::Unary>(&expr.node);
  if (unary == nullptr || unary->op != parser::UnaryOp::kNegate) return std::nullopt;
  std::optional<OptionValue> value = ReadDefault(*unary->operand);
  const auto* number = value ? std::get_if<int64_t>(&*value) : nullptr;
  if (number == nullptr) return std::nullopt;
  return static_cast<int64_t>(0 - static_cast<uint64_t>(*number));
}

// "name" or "name,n".
bool ReadName(std::string_view text, ScriptOption& option) {
  const size_t comma = text.find(',');
  option.name = text.substr(0, comma);
  if (option.name.empty()) return false;
  if (comma == std::string_view::npos) return true;
  if (text.size() != comma + 2 || std::isalpha(static_cast<unsigned char>(text.back())) == 0) return false;
  option.letter = text.back();
  return true;
}

}  // namespace

std::optional<ScriptOption> ReadOption(const parser::Call& call, Span span) {
  if (call.args.empty() || call.args.size() > 3) return std::nullopt;
  const auto* name = std::get_if<parser::StringLiteral>(&call.args[0]->node);
  ScriptOption option{.name = {}, .span = span};
  if (name == nullptr || !ReadName(name->value, option)) return std::nullopt;
  if (call.args.size() > 1) {
    std::optional<OptionValue> value = ReadDefault(*call.args[1]);
    if (!value) return std::nullopt;
    option.default_value = std::move(*value);
  }
  if (call.args.size() > 2) {
    const auto* help = std::get_if<parser::StringLiteral>(&call.args[2]->node);
    if (help == nullptr) return std::nullopt;
    option.help = help->value;
  }
  return option;
}

std::vector<ScriptOption> FindOptions(std::span<const parser::Ast* const> files, Diagnostics& diagnostics) {
  std::vector<ScriptOption> options;
  auto visit = [&](const parser::Expr& expr) {
    const auto* call = std::get_if<parser::Call>(&expr.node);
    if (call == nullptr || call->name != kGetoptName) return;
    std::optional<ScriptOption> option = ReadOption(*call, expr.span);
    if (!option) return;
    auto known = std::ranges::find(options, option->name, &ScriptOption::name);
    if (known == options.end()) {
      options.push_back(std::move(*option));
      return;
    }
    if (known->letter == 0) known->letter = option->letter;
    if (known->help.empty()) known->help = option->help;
    if (known->default_value.index() == option->default_value.index()) return;
    diagnostics
        .Error(kTypeMismatch, expr.span, fmt::format("option --{} has a default of another type here", option->name))
        .Note(known->span, "first declared here");
  };
  for (const parser::Ast* file : files) parser::ForEachExpr(*file, visit);
  return options;
}

}  // namespace sonde::sema
