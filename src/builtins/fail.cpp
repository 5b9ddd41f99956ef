// fail(fmt, …): the script is refused with this message when the call can be reached.
#include "builtins/common.h"
#include "builtins/format.h"

namespace sonde::builtins {
namespace {

// A literal as a conversion prints it; flags and widths are for tables, which this is none.
std::optional<std::string> Text(const sema::Expr& value, const FormatStep& step) {
  if (const sema::StringConstant* text = value.AsString()) return text->value;
  const sema::Constant* number = value.AsConstant();
  if (number == nullptr) return std::nullopt;
  switch (step.conversion) {
    case 'x':
    case 'p':
      return fmt::format("{:x}", number->bits);
    case 'X':
      return fmt::format("{:X}", number->bits);
    case 'o':
      return fmt::format("{:o}", number->bits);
    case 'c':
      return std::string(1, static_cast<char>(number->bits));
    case 'u':
      return fmt::format("{}", number->bits);
    default:
      return fmt::format("{}", static_cast<int64_t>(number->bits));
  }
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> written = checker.CheckStringLiteral(*syntax.args[0], "the format");
  if (!written) return checker.types().Error();
  ParsedFormat format = ParseFormat(*written);
  if (!format.error.empty()) return checker.Fail(sema::kBadFormat, syntax.args[0]->span, format.error);
  size_t given = syntax.args.size() - 1;
  if (given != format.slots) {
    return checker.Fail(sema::kWrongArgumentCount, syntax.args[0]->span,
                        fmt::format("the format takes {} arguments, {} given", format.slots, given));
  }
  std::string message;
  for (const FormatStep& step : format.steps) {
    message += step.literal;
    if (step.slot == kNoSlot) continue;
    const parser::Expr& argument = *syntax.args[step.slot + 1];
    sema::ExprPtr value = checker.Check(argument);
    if (value->type->IsVague()) return value->type;
    std::optional<std::string> text = Text(*value, step);
    if (!text) return checker.Fail(sema::kNotConstant, argument.span, "fail() takes literals");
    message += *text;
  }
  if (checker.scope().unreachable == 0) return checker.Fail(sema::kScriptFailed, syntax.name_span, message);
  call.data.constant = 0;
  return checker.types().Void();
}

}  // namespace

const Builtin kFail{
    .name = "fail",
    .signature = "void fail(const string fmt, args...)",
    .summary = "Refuses the script with this message, unless it stands in a branch that is never taken.",
    .example = "BEGIN { if (sizeof(uint64) != 8) { fail(\"strange machine\"); } exit(); }",
    .min_args = 1,
    .max_args = sema::kAnyNumber,
    .has_effect = true,
    .check = Check,
};

}  // namespace sonde::builtins
