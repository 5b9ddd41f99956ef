// Builtins of the language that are still to be built; each leaves this list for a descriptor of its own.
#include <algorithm>
#include <array>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// Those that are written without parentheses too.
constexpr auto kVariables = std::to_array<std::string_view>({
    "ctx",
    "func",
    "sarg0",
    "sarg1",
    "sarg2",
    "sarg3",
    "sarg4",
    "sarg5",
    "sarg6",
    "sarg7",
    "sarg8",
    "sarg9",
});

constexpr auto kFunctions = std::to_array<std::string_view>({
    "config",
    "path",
    "uaddr",
});

const Type* Refuse(Checker& checker, const parser::Call& syntax, Call&) {
  bool is_variable = std::ranges::find(kVariables, syntax.name) != kVariables.end() && syntax.args.empty();
  return checker.Fail(sema::kNotSupported, syntax.name_span,
                      fmt::format("{}{} is not supported yet", syntax.name, is_variable ? "" : "()"));
}

Builtin NotBuilt(std::string_view name) {
  return {.name = name, .form = BuiltinForm::kVariable, .max_args = sema::kAnyNumber, .check = Refuse};
}

}  // namespace

std::span<const Builtin> NotBuiltYet() {
  static const std::vector<Builtin> builtins = [] {
    std::vector<Builtin> all;
    for (std::string_view name : kVariables) all.push_back(NotBuilt(name));
    for (std::string_view name : kFunctions) all.push_back(NotBuilt(name));
    return all;
  }();
  return builtins;
}

}  // namespace sonde::builtins
