// getopt("name", default, "help"): an option of the script, given after `--`; known when the script is compiled.
#include "builtins/common.h"
#include "sema/script_options.h"

namespace sonde::builtins {
namespace {

const Type* CheckGetopt(Checker& checker, const parser::Call& syntax, Call& call) {
  Span span = syntax.name_span;
  std::optional<sema::ScriptOption> option = sema::ReadOption(syntax, span);
  if (!option) {
    Diagnostic& error =
        checker.Report(sema::kNotConstant, span, "getopt takes literals: a name, a default, a help text");
    error.Hint("getopt(\"name\", 10, \"what it is for\")");
    return checker.types().Error();
  }
  auto given = checker.options().option_values.find(option->name);
  bool is_given =
      given != checker.options().option_values.end() && given->second.index() == option->default_value.index();
  const sema::OptionValue& value = is_given ? given->second : option->default_value;
  if (const auto* truth = std::get_if<bool>(&value)) {
    call.data.constant = *truth ? 1 : 0;
    return checker.types().Bool();
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    call.data.constant = static_cast<uint64_t>(*number);
    return checker.MakeLiteral(span, static_cast<uint64_t>(*number), *number < 0)->type;
  }
  const auto& text = std::get<std::string>(value);
  call.data.constant_text = text;
  return checker.types().String(static_cast<uint32_t>(text.size() + 1));
}

}  // namespace

const Builtin kGetopt{
    .name = sema::kGetoptName,
    .signature = "bool | int | string getopt(string name[, default[, string help]])",
    .summary = "The option --name of the script, given after `--`; of the type of its default, which is false.",
    .example = "BEGIN { printf(\"%d\\n\", getopt(\"seconds\", 5, \"how long\")); exit(); }",
    .min_args = 1,
    .max_args = 3,
    .check = CheckGetopt,
};

}  // namespace sonde::builtins
