// Macros: `macro name($v, @m, e) { … }`. A call is checked by checking the body again, in an environment in which the
// parameters stand for what the caller gave; trees are never copied.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostics.h"
#include "parser/ast.h"

namespace sonde::sema {

// Names of variables → Body::variables, innermost block last.
using Scopes = std::vector<std::unordered_map<std::string, uint32_t>>;

// A macro as the script, or the library, defines it.
struct MacroEntry {
  const parser::Macro* macro = nullptr;
  bool is_library = false;
};

// One call whose body is being checked.
struct MacroCall {
  const parser::Macro* macro = nullptr;
  bool is_library = false;
  std::vector<const parser::Expr*> arguments;
  std::map<std::string, uint32_t, std::less<>> maps;  // parameters `@m` → Program::maps
  MacroCall* caller = nullptr;                        // the call whose body holds this one; null: it stands in a probe
  Scopes caller_scopes;                               // the variables that the arguments see
  uint32_t expansion = 0;                             // Span::expansion of what the body reports
};

// All macros by name. The first definition that takes a call's arguments is called.
class MacroTable {
 public:
  // Reports a definition that no call can reach, and parameters of one name.
  void Add(const parser::Macro& macro, bool is_library, Diagnostics& diagnostics);

  // Those of this name that may be called, the script's before the library's; the library calls its own alone.
  std::vector<MacroEntry> Find(std::string_view name, bool from_library) const;
  std::vector<std::string> Names() const;

 private:
  std::map<std::string, std::vector<MacroEntry>, std::less<>> by_name_;
};

// Whether it takes these arguments, by their number and kinds.
bool Accepts(const parser::Macro& macro, const std::vector<const parser::Expr*>& arguments);

}  // namespace sonde::sema
