// flags(value, "table"): the names of the kernel's constants, made by the reader.
#include "base/suggest.h"
#include "builtins/common.h"
#include "image/symbols.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the value");
  std::optional<std::string> table = checker.CheckStringLiteral(*syntax.args[1], "the table");
  if (value->type->IsVague() || !table) return checker.types().Error();
  std::vector<std::string_view> known = image::SymbolTableNames();
  if (std::ranges::find(known, *table) == known.end()) {
    Diagnostic& error = checker.Report(sema::kWrongArgument, syntax.args[1]->span,
                                       fmt::format("there is no table of flags '{}'", *table));
    std::string nearest = NearestName(*table, {known.begin(), known.end()});
    error.Hint(nearest.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                               : fmt::format("did you mean '{}'?", nearest));
    return checker.types().Error();
  }
  call.args.push_back(checker.Coerce(std::move(value), checker.types().Int64(), "the value"));
  return checker.types().Rendered(image::ValueKind::kFlags, 8, *table);
}

}  // namespace

const Builtin kFlags{
    .name = "flags",
    .signature = "flags flags(int64 value, const string table)",
    .summary = "A number as the names of the kernel's constants: O_RDONLY|O_CLOEXEC by the table \"open\".",
    .example = "syscall:openat { printf(\"%s\\n\", flags(args.flags, \"open\")); }",
    .min_args = 2,
    .max_args = 2,
    .check = Check,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }};

}  // namespace sonde::builtins
