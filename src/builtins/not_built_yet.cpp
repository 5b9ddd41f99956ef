// Builtins of the language that are still to be built; each leaves this list for a descriptor of its own.
#include <array>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr auto kFunctions = std::to_array<std::string_view>({
    "config",
    "path",
    "uaddr",
});

const Type* Refuse(Checker& checker, const parser::Call& syntax, Call&) {
  return checker.Fail(sema::kNotSupported, syntax.name_span, fmt::format("{}() is not supported yet", syntax.name));
}

Builtin NotBuilt(std::string_view name) {
  return {.name = name, .form = BuiltinForm::kVariable, .max_args = sema::kAnyNumber, .check = Refuse};
}

}  // namespace

std::span<const Builtin> NotBuiltYet() {
  static const std::vector<Builtin> builtins = [] {
    std::vector<Builtin> all;
    for (std::string_view name : kFunctions) all.push_back(NotBuilt(name));
    return all;
  }();
  return builtins;
}

}  // namespace sonde::builtins
