// Calls: finding the descriptor, counting arguments, handing over to its check hook.
#include <fmt/format.h>

#include <algorithm>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

std::string Expected(const Builtin& builtin) {
  if (builtin.min_args == builtin.max_args) {
    return fmt::format("{} argument{}", builtin.min_args, builtin.min_args == 1 ? "" : "s");
  }
  if (builtin.max_args == kAnyNumber)
    return fmt::format("at least {} argument{}", builtin.min_args, builtin.min_args == 1 ? "" : "s");
  return fmt::format("{} to {} arguments", builtin.min_args, builtin.max_args);
}

}  // namespace

ExprPtr Checker::CheckCall(const parser::Call& call, Span span) {
  if (std::optional<ExprPtr> value = TryMacro(call.name, call.args, &call, span)) return std::move(*value);
  if (call.name == "sizeof") return CheckSizeof(call, span);
  if (call.name == "offsetof") return CheckOffsetof(call, span);
  if (call.name == "container_of") return CheckContainerOf(call, span);
  const Builtin* builtin = FindBuiltin(call.name);
  if (builtin != nullptr) return CheckBuiltin(*builtin, call, span);
  if (auto found = c_.functions.find(call.name); has_bpf_sources_ && found != c_.functions.end()) {
    return CheckCFunction(call, found->second, span);
  }
  Diagnostic& error = Report(kUnknownFunction, call.name_span, fmt::format("unknown function '{}'", call.name));
  const std::string& nearest = NearestAt(call.name_span, call.name, [&] {
    std::vector<std::string> names = macros_.Names();
    for (const Builtin* known : tables_.builtins) names.emplace_back(known->name);
    return names;
  });
  if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
  return ErrorExpr(span);
}

ExprPtr Checker::CheckBuiltin(const Builtin& builtin, const parser::Call& call, Span span) {
  auto count = static_cast<int>(call.args.size());
  if (count < builtin.min_args || count > builtin.max_args) {
    Report(kWrongArgumentCount, span, fmt::format("{} takes {}, {} given", builtin.name, Expected(builtin), count))
        .Hint(std::string(builtin.signature));
    return ErrorExpr(span);
  }
  if (builtin.is_unsafe && !options_.unsafe) {
    Report(kUnsafe, call.name_span, fmt::format("{} is only allowed with --unsafe", builtin.name));
    return ErrorExpr(span);
  }
  Call checked{.builtin = &builtin};
  const Type* type = builtin.check(*this, call, checked);
  if (type->kind == TypeKind::kError) return ErrorExpr(span);
  if (checked.data.constant) return MakeInt(span, *checked.data.constant, type);
  if (checked.data.constant_text) {
    return Make(span, type, StringConstant{std::move(*checked.data.constant_text)});
  }
  return Make(span, type, std::move(checked));
}

}  // namespace sonde::sema
