#include "cli/c_macros.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "parser/parser.h"
#include "parser/walk.h"
#include "sema/diagnostic_ids.h"

namespace sonde::cli {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

struct CMacro {
  std::string name;
  std::string parameters;
  std::string body;
};

// Nothing when the text defines no macro with parentheses right behind its name.
std::optional<CMacro> Read(std::string_view text) {
  if (!text.starts_with('#')) return std::nullopt;
  text = Trim(text.substr(1));
  constexpr std::string_view kDefine = "define";
  if (!text.starts_with(kDefine)) return std::nullopt;
  text = Trim(text.substr(kDefine.size()));
  const size_t open = text.find('(');
  const size_t close = text.find(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const std::string_view name = text.substr(0, open);
  const bool is_name = !name.empty() && name.find_first_of(" \t\\\n") == std::string_view::npos;
  if (!is_name) return std::nullopt;
  CMacro macro{.name = std::string(name), .parameters = std::string(text.substr(open + 1, close - open - 1))};
  for (const char c : Trim(text.substr(close + 1))) macro.body += c == '\\' ? ' ' : c;
  return macro;
}

// The macro as one of the language; null after a report.
const parser::Ast* Add(Compilation& c, const CMacro& macro, Span span) {
  std::string text = fmt::format("macro {}({}) {{ {} }}\n", macro.name, macro.parameters, macro.body);
  const FileId file = c.sources.Add(fmt::format("#define {}", macro.name), std::move(text), span);
  Diagnostics problems;
  std::unique_ptr<const parser::Ast> ast = parser::Parse(c.sources, file, problems);
  if (problems.HasErrors()) {
    c.diagnostics
        .Error(sema::kBadC, span, fmt::format("'{}' cannot be called: it stands for no expression of the language", macro.name))
        .Hint(fmt::format("write it as a macro of the language: macro {}({}) {{ … }}", macro.name, macro.parameters));
    return nullptr;
  }
  return c.imports.emplace_back(std::move(ast)).get();
}

using Names = std::set<std::string, std::less<>>;

void AddCalls(const parser::Ast& file, Names& called) {
  parser::ForEachExpr(file, [&](const parser::Expr& expr) {
    if (const auto* call = std::get_if<parser::Call>(&expr.node)) called.insert(call->name);
  });
}

}  // namespace

void AddCMacros(Compilation& c) {
  std::vector<std::pair<CMacro, Span>> macros;
  const std::vector<const parser::Ast*> files = c.Files();
  for (const parser::Ast* file : files) {
    for (const parser::Item& item : file->items) {
      const auto* definition = std::get_if<parser::CDefinition>(&item.node);
      std::optional<CMacro> macro = definition == nullptr ? std::nullopt : Read(definition->text);
      if (macro) macros.emplace_back(*std::move(macro), item.span);
    }
  }
  if (macros.empty()) return;
  Names called;
  Names added;
  for (const parser::Ast* file : files) AddCalls(*file, called);
  for (bool found = true; found;) {
    found = false;
    for (const auto& [macro, span] : macros) {
      if (!called.contains(macro.name) || !added.insert(macro.name).second) continue;
      const parser::Ast* file = Add(c, macro, span);
      if (file != nullptr) AddCalls(*file, called);
      found = true;
    }
  }
}

}  // namespace sonde::cli
