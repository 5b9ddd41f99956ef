// `let @map = lruhash(100);`: which BPF map holds a script's map, and how many keys.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/suggest.h"
#include "sema/checker.h"

namespace sonde::sema {
namespace {

struct MapTypeRow {
  std::string_view name;
  bool is_lru;
  bool is_per_cpu;
};

constexpr std::array<MapTypeRow, 4> kMapTypes = {{
    {"hash", false, false},
    {"lruhash", true, false},
    {"percpuhash", false, true},
    {"percpulruhash", true, true},
}};

// Whether it can be worked out where no probe runs.
bool IsConstant(const Checker& checker, const parser::Expr& expr) {
  if (const auto* paren = std::get_if<parser::Paren>(&expr.node)) return IsConstant(checker, *paren->inner);
  if (const auto* unary = std::get_if<parser::Unary>(&expr.node)) return IsConstant(checker, *unary->operand);
  if (const auto* binary = std::get_if<parser::Binary>(&expr.node)) {
    return IsConstant(checker, *binary->left) && IsConstant(checker, *binary->right);
  }
  if (const auto* name = std::get_if<parser::Identifier>(&expr.node)) {
    return checker.FindBuiltin(name->name) == nullptr;
  }
  return std::holds_alternative<parser::IntLiteral>(expr.node) ||
         std::holds_alternative<parser::Positional>(expr.node) ||
         std::holds_alternative<parser::PositionalCount>(expr.node);
}

}  // namespace

// Null after a report.
std::optional<uint32_t> Checker::MaxEntries(const parser::MapDeclaration& node, Span span) {
  if (node.max_entries == nullptr) {
    Report(kWrongArgumentCount, span, fmt::format("{} takes the number of keys that it holds at most", node.map_type))
        .Hint(fmt::format("let @{} = {}({});", node.name, node.map_type, options_.max_map_keys));
    return std::nullopt;
  }
  const parser::Expr& written = *node.max_entries;
  if (!IsConstant(*this, written)) {
    Report(kNotConstant, written.span, "the number of keys must be a literal integer");
    return std::nullopt;
  }
  std::optional<int64_t> count = CheckLiteral(written, "the number of keys");
  if (!count) return std::nullopt;
  if (*count < 1 || *count > UINT32_MAX) {
    Report(kOutOfRange, written.span, fmt::format("a map holds 1 to {} keys", UINT32_MAX));
    return std::nullopt;
  }
  return static_cast<uint32_t>(*count);
}

void Checker::DeclareMap(const parser::MapDeclaration& node, Span span) {
  const auto* type = std::ranges::find(kMapTypes, node.map_type, &MapTypeRow::name);
  if (type == kMapTypes.end()) {
    Report(kUnknownType, node.type_span, fmt::format("unknown map type '{}'", node.map_type))
        .Hint("the types are hash, lruhash, percpuhash and percpulruhash");
    return;
  }
  std::optional<uint32_t> max_entries = MaxEntries(node, span);
  if (!max_entries) return;
  auto [known, inserted] = declared_maps_.try_emplace(
      node.name, MapDeclaration{type->is_lru, type->is_per_cpu, *max_entries, node.name_span});
  if (inserted) return;
  Report(kRedefined, node.name_span, fmt::format("@{} is already declared", node.name))
      .Note(known->second.span, "declared here");
}

void Checker::LoadMapDeclarations(const parser::Ast& ast) {
  for (const parser::Item& item : ast.items) {
    if (const auto* declaration = std::get_if<parser::MapDeclaration>(&item.node)) DeclareMap(*declaration, item.span);
  }
}

// What declared maps hold is wide enough for what is done with it; called in each round.
void Checker::SettleDeclaredMaps() {
  for (uint32_t map = 0; map < program_.maps.size(); ++map) {
    const MapInfo& info = program_.maps[map];
    // Read by the tracer as the sum over all CPUs.
    if (info.declared && info.declared->is_per_cpu && info.aggregation == image::Aggregation::kNone) {
      WidenForCounting(map, info.span);
    }
  }
}

void Checker::CheckDeclaredMaps() {
  for (const auto& [name, declaration] : declared_maps_) {
    auto used = map_by_name_.find(name);
    if (used == map_by_name_.end()) {
      diagnostics_->Warning(kUnusedMap, declaration.span, fmt::format("@{} is declared but never used", name));
    } else if (const MapInfo& info = program_.maps[used->second]; info.is_keyless) {
      Report(kBadMapUse, info.span, fmt::format("{} is declared as a hash, but is used without a key", info.name))
          .Note(declaration.span, "declared here")
          .Hint("a map without keys needs no declaration");
    }
  }
}

}  // namespace sonde::sema
