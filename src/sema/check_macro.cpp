// Calls of macros.
#include <fmt/format.h>

#include <algorithm>

#include "sema/checker.h"
#include "sema/macro.h"

namespace sonde::sema {
namespace {

using Kind = parser::MacroParameter::Kind;
using Arguments = std::vector<const parser::Expr*>;

// Each level of a call can double the work (`macro twice(e) { e; e }`): what one body may make of it.
constexpr uint32_t kMaxExpansions = 10000;

bool AcceptsArgument(Kind kind, const parser::Expr& argument) {
  switch (kind) {
    case Kind::kVariable:
      return std::holds_alternative<parser::Variable>(argument.node);
    case Kind::kMap: {
      const auto* map = std::get_if<parser::MapAccess>(&argument.node);
      return map != nullptr && !map->has_brackets;
    }
    case Kind::kExpression:
      return true;
  }
  return false;
}

std::string_view Describe(Kind kind) {
  switch (kind) {
    case Kind::kVariable:
      return "a variable";
    case Kind::kMap:
      return "a map";
    case Kind::kExpression:
      return "an expression";
  }
  return "";
}

std::string_view Sigil(Kind kind) {
  switch (kind) {
    case Kind::kVariable:
      return "$";
    case Kind::kMap:
      return "@";
    case Kind::kExpression:
      return "";
  }
  return "";
}

std::string Signature(const parser::Macro& macro) {
  std::string text = macro.name + "(";
  for (const parser::MacroParameter& parameter : macro.parameters) {
    if (&parameter != &macro.parameters.front()) text += ", ";
    text += fmt::format("{}{}", Sigil(parameter.kind), parameter.name);
  }
  return text + ")";
}

std::string CountArguments(size_t count) { return fmt::format("{} argument{}", count, count == 1 ? "" : "s"); }

// Whether `first` takes all that `second` takes.
bool Covers(const parser::Macro& first, const parser::Macro& second) {
  if (first.parameters.size() != second.parameters.size()) return false;
  for (size_t i = 0; i < first.parameters.size(); ++i) {
    const Kind kind = first.parameters[i].kind;
    if (kind != Kind::kExpression && kind != second.parameters[i].kind) return false;
  }
  return true;
}

void CheckParameters(const parser::Macro& macro, Diagnostics& diagnostics) {
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const parser::MacroParameter& parameter = macro.parameters[i];
    for (size_t before = 0; before < i; ++before) {
      const parser::MacroParameter& other = macro.parameters[before];
      if (other.kind != parameter.kind || other.name != parameter.name) continue;
      diagnostics.Error(
          kRedefined, parameter.span,
          fmt::format("macro '{}' has two parameters {}{}", macro.name, Sigil(parameter.kind), parameter.name));
      break;
    }
  }
}

}  // namespace

bool Accepts(const parser::Macro& macro, const Arguments& arguments) {
  if (macro.parameters.size() != arguments.size()) return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!AcceptsArgument(macro.parameters[i].kind, *arguments[i])) return false;
  }
  return true;
}

void MacroTable::Add(const parser::Macro& macro, bool is_library, Diagnostics& diagnostics) {
  CheckParameters(macro, diagnostics);
  std::vector<MacroEntry>& entries = by_name_[macro.name];
  for (const MacroEntry& before : entries) {
    if (before.is_library != is_library || !Covers(*before.macro, macro)) continue;
    diagnostics
        .Error(kRedefined, macro.name_span,
               fmt::format("macro '{}' is already defined for these arguments", macro.name))
        .Note(before.macro->name_span, "defined here");
    return;
  }
  entries.push_back({&macro, is_library});
}

std::vector<MacroEntry> MacroTable::Find(std::string_view name, bool from_library) const {
  std::vector<MacroEntry> found;
  auto entries = by_name_.find(name);
  if (entries == by_name_.end()) return found;
  std::ranges::copy_if(entries->second, std::back_inserter(found),
                       [&](const MacroEntry& entry) { return entry.is_library || !from_library; });
  std::ranges::stable_partition(found, [](const MacroEntry& entry) { return !entry.is_library; });
  return found;
}

std::vector<std::string> MacroTable::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entries] : by_name_) names.push_back(name);
  return names;
}

namespace {

// No macro of this name takes the arguments: says why.
void ReportMismatch(Checker& checker, const std::vector<MacroEntry>& entries, const Arguments& arguments, Span span) {
  if (entries.size() > 1) {
    std::string given = CountArguments(arguments.size());
    Diagnostic& error = checker.Report(
        kWrongArgument, span, fmt::format("no macro '{}' takes {} like these", entries.front().macro->name, given));
    for (const MacroEntry& entry : entries) error.Note(entry.macro->name_span, Signature(*entry.macro));
    return;
  }
  const parser::Macro& macro = *entries.front().macro;
  if (macro.parameters.size() != arguments.size()) {
    checker
        .Report(kWrongArgumentCount, span,
                fmt::format("macro '{}' takes {}, {} given", macro.name, CountArguments(macro.parameters.size()),
                            arguments.size()))
        .Note(macro.name_span, "defined here");
    return;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const parser::MacroParameter& parameter = macro.parameters[i];
    if (AcceptsArgument(parameter.kind, *arguments[i])) continue;
    checker
        .Report(kWrongArgument, arguments[i]->span,
                fmt::format("macro '{}' takes {} here", macro.name, Describe(parameter.kind)))
        .Note(parameter.span, "defined here");
  }
}

// Reports a macro that would be expanded without end.
bool ReportRecursion(Checker& checker, const parser::Macro& macro, Span span) {
  std::string path = macro.name;
  for (const MacroCall* call = checker.scope().macro; call != nullptr; call = call->caller) {
    path = fmt::format("{} → {}", call->macro->name, path);
    if (call->macro != &macro) continue;
    checker.Report(kRecursiveMacro, span, fmt::format("macro '{}' calls itself: {}", macro.name, path))
        .Note(macro.name_span, "defined here");
    return true;
  }
  return false;
}

// Finds the variables and maps that parameters stand for, as the caller sees them.
bool BindReferences(Checker& checker, MacroCall& call, Scopes& inner) {
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const parser::MacroParameter& parameter = call.macro->parameters[i];
    const parser::Expr& argument = *call.arguments[i];
    if (const auto* variable = std::get_if<parser::Variable>(&argument.node);
        variable != nullptr && parameter.kind == Kind::kVariable) {
      std::optional<uint32_t> index = checker.FindVariable(variable->name);
      if (!index) {
        checker.Report(kUnknownVariable, argument.span, fmt::format("${} is not known here", variable->name))
            .Hint(fmt::format("declare it before the call: let ${};", variable->name));
        return false;
      }
      inner.back()[parameter.name] = *index;
    }
    if (const auto* map = std::get_if<parser::MapAccess>(&argument.node);
        map != nullptr && parameter.kind == Kind::kMap) {
      call.maps[parameter.name] = checker.MapIndex(map->name, argument.span);
    }
  }
  return true;
}

}  // namespace

std::optional<ExprPtr> Checker::TryMacro(std::string_view name, const std::vector<parser::ExprPtr>& written,
                                         const void* site, Span span) {
  std::vector<MacroEntry> entries = macros_.Find(name, scope_.macro != nullptr && scope_.macro->is_library);
  if (entries.empty()) return std::nullopt;
  Arguments arguments;
  for (const parser::ExprPtr& argument : written) arguments.push_back(argument.get());
  auto match = std::ranges::find_if(entries, [&](const MacroEntry& entry) { return Accepts(*entry.macro, arguments); });
  if (match == entries.end()) {
    if (FindBuiltin(name) != nullptr) return std::nullopt;
    ReportMismatch(*this, entries, arguments, span);
    return ErrorExpr(span);
  }
  if (ReportRecursion(*this, *match->macro, span)) return ErrorExpr(span);
  MacroCall call{.macro = match->macro, .is_library = match->is_library, .arguments = std::move(arguments)};
  return CheckMacroBody(call, site, span);
}

// A call's number, the same in every round.
uint32_t Checker::ExpansionOf(const void* site, const parser::Macro& macro, Span span) {
  auto [known, inserted] = expansions_.try_emplace({expansion(), site}, 0);
  if (inserted) known->second = sources_.AddExpansion(span, fmt::format("in this call of macro '{}'", macro.name));
  return known->second;
}

bool Checker::EnterNesting(uint32_t depth, Span span) {
  if (nesting_ + depth <= parser::kMaxNesting && expansion_count_ < kMaxExpansions) {
    nesting_ += depth;
    ++expansion_count_;
    return true;
  }
  std::string problem = expansion_count_ < kMaxExpansions
                            ? "macros nest too deeply here"
                            : fmt::format("the macros of this probe expand to more than {} calls", kMaxExpansions);
  if (!expansion_refused_) Report(kMacroTooLarge, span, problem);
  expansion_refused_ = true;
  return false;
}

ExprPtr Checker::CheckMacroBody(MacroCall& call, const void* site, Span span) {
  const parser::Expr& body = *call.macro->body;
  const auto* block = std::get_if<parser::BlockExpr>(&body.node);
  call.caller_scopes.emplace_back();
  if (block == nullptr || !BindReferences(*this, call, call.caller_scopes)) return ErrorExpr(span);
  if (!EnterNesting(body.depth, span)) return ErrorExpr(span);
  call.expansion = ExpansionOf(site, *call.macro, span);
  call.caller = scope_.macro;
  scope_.macro = &call;
  std::swap(scope_.scopes, call.caller_scopes);
  uint32_t outer = diagnostics_->EnterExpansion(call.expansion);
  ExprPtr result = CheckBlockValue(*block, span);
  diagnostics_->EnterExpansion(outer);
  std::swap(scope_.scopes, call.caller_scopes);
  scope_.macro = call.caller;
  nesting_ -= body.depth;
  return result;
}

// What the caller gave for a parameter; null when the name is none.
const parser::Expr* Checker::FindParameter(std::string_view name) const {
  if (scope_.macro == nullptr) return nullptr;
  const std::vector<parser::MacroParameter>& parameters = scope_.macro->macro->parameters;
  auto parameter = std::ranges::find_if(parameters, [&](const parser::MacroParameter& known) {
    return known.kind == Kind::kExpression && known.name == name;
  });
  if (parameter == parameters.end()) return nullptr;
  return scope_.macro->arguments[static_cast<size_t>(parameter - parameters.begin())];
}

std::optional<ExprPtr> Checker::TryParameter(std::string_view name, Span span) {
  const parser::Expr* argument = FindParameter(name);
  if (argument == nullptr) return std::nullopt;
  if (!EnterNesting(argument->depth, span)) return ErrorExpr(span);
  MacroCall* call = scope_.macro;
  // The argument means what it means where the call stands.
  scope_.macro = call->caller;
  std::swap(scope_.scopes, call->caller_scopes);
  uint32_t inner = diagnostics_->EnterExpansion(expansion());
  ExprPtr value = CheckPlace(*argument);
  diagnostics_->EnterExpansion(inner);
  std::swap(scope_.scopes, call->caller_scopes);
  scope_.macro = call;
  nesting_ -= argument->depth;
  return value;
}

// The map that a name stands for in a macro; reports one that the caller did not give.
std::optional<uint32_t> Checker::MacroMap(std::string_view name, Span span) {
  if (scope_.macro == nullptr) return std::nullopt;
  auto bound = scope_.macro->maps.find(name);
  if (bound != scope_.macro->maps.end()) return bound->second;
  Report(kUnknownMap, span, fmt::format("macro '{}' has no parameter @{}", scope_.macro->macro->name, name))
      .Hint("a macro uses the maps that its caller gives it");
  return std::nullopt;
}

// `{ statements; value }`, in scopes that are already there.
ExprPtr Checker::CheckBlockValue(const parser::BlockExpr& node, Span span) {
  Statements statements;
  for (const parser::StmtPtr& statement : node.statements) CheckStatement(*statement, statements);
  ExprPtr value = node.value == nullptr ? nullptr : Check(*node.value);
  if (statements.empty() && value != nullptr) return value;
  const Type* type = value == nullptr ? types().Void() : value->type;
  return Make(span, type, BlockValue{std::move(statements), std::move(value)});
}

void Checker::LoadMacros(const parser::Ast& ast, bool is_library) {
  for (const parser::Item& item : ast.items) {
    const auto* macro = std::get_if<parser::Macro>(&item.node);
    if (macro == nullptr) continue;
    for (const parser::MacroParameter& parameter : macro->parameters) {
      if (parameter.kind != Kind::kExpression || FindBuiltin(parameter.name) == nullptr) continue;
      Report(kRedefined, parameter.span, fmt::format("'{}' is a builtin and cannot name a parameter", parameter.name));
    }
    macros_.Add(*macro, is_library, *diagnostics_);
  }
}

}  // namespace sonde::sema
