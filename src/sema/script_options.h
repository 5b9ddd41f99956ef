// The options that a script declares by getopt("name", default, "help"), known before it is checked. A name may be followed
// by a letter: getopt("pid,p", 0) is --pid and -p, and read by getopt("pid", 0) elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/diagnostics.h"
#include "parser/ast.h"

namespace sonde::sema {

inline constexpr std::string_view kGetoptName = "getopt";

// bool, int or string: by the default.
using OptionValue = std::variant<bool, int64_t, std::string>;

struct ScriptOption {
  std::string name;  // without dashes
  char letter = 0;   // of its short form; 0: it has none
  OptionValue default_value = false;
  std::string help;  // may be empty
  Span span;
};

// Null when the call is not as it must be; reported when it is checked.
std::optional<ScriptOption> ReadOption(const parser::Call& call, Span span);

// Of all files, each name once, in source order. Reports a name that is declared with two types.
std::vector<ScriptOption> FindOptions(std::span<const parser::Ast* const> files, Diagnostics& diagnostics);

}  // namespace sonde::sema
