#include "cli/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "parser/parser.h"
#include "parser/walk.h"
#include "stdlib/stdlib.h"

namespace sonde::cli {
namespace {

using Names = std::set<std::string_view>;

void AddNames(const parser::Ast& file, Names& names) {
  parser::ForEachExpr(file, [&](const parser::Expr& expr) {
    if (const auto* id = std::get_if<parser::Identifier>(&expr.node)) names.insert(id->name);
    if (const auto* call = std::get_if<parser::Call>(&expr.node)) names.insert(call->name);
  });
}

}  // namespace

void LoadLibrary(Compilation& c) {
  Names names;
  for (const parser::Ast* file : c.Files()) AddNames(*file, names);
  std::set<const stdlib::LibraryFile*> loaded;
  for (bool found = true; found;) {
    found = false;
    for (const stdlib::LibraryFile& file : stdlib::Files()) {
      const bool is_used =
          std::ranges::any_of(file.macros, [&](std::string_view name) { return names.contains(name); });
      if (!is_used || !loaded.insert(&file).second) continue;
      const FileId id = c.sources.Add(fmt::format("stdlib/{}", file.name), std::string(file.text));
      AddNames(*c.library.emplace_back(parser::Parse(c.sources, id, c.diagnostics)), names);
      found = true;
    }
  }
}

}  // namespace sonde::cli
