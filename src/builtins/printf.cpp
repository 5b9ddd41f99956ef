// printf(fmt, …): a record with the arguments; the reader renders it by the compiled format.
#include "builtins/common.h"
#include "builtins/format.h"

namespace sonde::builtins {
namespace {

constexpr size_t kMaxArguments = 64;

// The conversion that takes this slot; null for a `*`.
const FormatStep* StepOf(const ParsedFormat& format, uint32_t slot) {
  for (const FormatStep& step : format.steps) {
    if (step.slot == slot) return &step;
  }
  return nullptr;
}

// As C promotes: a literal is not as narrow as the smallest type that holds it, and `%llx` prints 64 bits.
sema::ExprPtr Widened(Checker& checker, sema::ExprPtr value, const FormatStep& step) {
  const Type* type = value->type;
  bool is_long = !step.length.empty() && step.length[0] != 'h' && step.conversion != 'r';
  if (!type->IsInteger() || type->size == 8 || !(value->is_literal || is_long)) return value;
  return checker.Coerce(std::move(value), checker.types().Int(8, type->is_signed), "the argument");
}

template <image::EventKind kKind>
const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> text = checker.CheckStringLiteral(*syntax.args[0], "the format");
  if (!text) {
    for (size_t i = 1; i < syntax.args.size(); ++i) checker.Check(*syntax.args[i]);
    return checker.types().Error();
  }
  ParsedFormat format = ParseFormat(*text);
  if (!format.error.empty()) {
    return checker.Fail(format.is_unbuilt ? sema::kNotSupported : sema::kBadFormat, syntax.args[0]->span, format.error);
  }
  size_t given = syntax.args.size() - 1;
  if (given != format.slots || given > kMaxArguments) {
    return checker.Fail(
        sema::kWrongArgumentCount, syntax.args[0]->span,
        fmt::format("the format takes {} argument{}, {} given", format.slots, format.slots == 1 ? "" : "s", given));
  }
  sema::Event event{
      .kind = kKind, .span = syntax.name_span, .function = std::string(call.builtin->name), .format = format.steps};
  bool failed = false;
  for (uint32_t slot = 0; slot < given; ++slot) {
    sema::ExprPtr value = checker.Check(*syntax.args[slot + 1]);
    const FormatStep* step = StepOf(format, slot);
    bool vague = value->type->IsVague();
    std::string problem = vague                      ? ""
                          : step != nullptr          ? ConversionProblem(*step, *value->type)
                          : value->type->IsInteger() ? ""
                                                     : "a width or precision is a number";
    if (problem.empty() && step != nullptr) value = Widened(checker, std::move(value), *step);
    if (!problem.empty()) checker.Report(sema::kBadFormat, syntax.args[slot + 1]->span, problem);
    failed = failed || vague || !problem.empty();
    event.values.push_back(value->type);
    call.args.push_back(std::move(value));
  }
  if (failed) return checker.types().Error();
  call.data.event = checker.AddEvent(std::move(event));
  return checker.types().Void();
}

llvm::Value* Lower(BodyContext& body, const sema::Expr& expr, const Call& call) {
  std::vector<const sema::Expr*> values;
  for (const sema::ExprPtr& arg : call.args) values.push_back(arg.get());
  body.SendRecord(call.data.event, values, expr.span);
  return nullptr;
}

}  // namespace

const Builtin kPrintf{.name = "printf",
                      .signature = "void printf(const string fmt, args...)",
                      .summary = "Prints its arguments by a format, as printf(3) does.",
                      .min_args = 1,
                      .max_args = sema::kAnyNumber,
                      .has_effect = true,
                      .check = Check<image::EventKind::kPrintf>,
                      .lower = Lower};

const Builtin kErrorf{.name = "errorf",
                      .signature = "void errorf(const string fmt, args...)",
                      .summary = "As printf, on standard error with the place of the call.",
                      .min_args = 1,
                      .max_args = sema::kAnyNumber,
                      .has_effect = true,
                      .check = Check<image::EventKind::kError>,
                      .lower = Lower};

const Builtin kWarnf{.name = "warnf",
                     .signature = "void warnf(const string fmt, args...)",
                     .summary = "As errorf, for a warning.",
                     .min_args = 1,
                     .max_args = sema::kAnyNumber,
                     .has_effect = true,
                     .check = Check<image::EventKind::kWarning>,
                     .lower = Lower};

}  // namespace sonde::builtins
