// printf(fmt, …): a record with the arguments; the reader renders it by the compiled format.
#include <algorithm>
#include <iterator>

#include "builtins/common.h"
#include "builtins/format.h"

namespace sonde::builtins {
namespace {

constexpr size_t kMaxArguments = 64;

// The conversion that takes this slot; null for a `*`.
FormatStep* StepOf(ParsedFormat& format, uint32_t slot) {
  for (FormatStep& step : format.steps) {
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

// A value for its own slot; of a vague type after a report.
sema::ExprPtr Plain(Checker& checker, const parser::Expr& argument, const FormatStep* step) {
  sema::ExprPtr value = checker.Check(argument);
  if (value->type->IsVague()) return value;
  std::string problem = step != nullptr            ? ConversionProblem(*step, *value->type)
                        : value->type->IsInteger() ? ""
                                                   : "a width or precision is a number";
  if (!problem.empty()) {
    checker.Report(sema::kBadFormat, argument.span, problem);
    return checker.ErrorExpr(argument.span);
  }
  return step == nullptr ? std::move(value) : Widened(checker, std::move(value), *step);
}

// The first number of a fraction takes the argument's slot, the others go behind the arguments.
sema::ExprPtr Computed(Checker& checker, const parser::Expr& argument, FormatStep& step, size_t given,
                       std::vector<sema::ExprPtr>& further) {
  if (!IsFractional(step.conversion) && step.conversion != 's') {
    checker
        .Report(sema::kBadFormat, argument.span,
                fmt::format("%{} prints a whole number, but this has a fraction", step.conversion))
        .Hint("%f prints it with six digits behind the point, %.0f with none");
    return checker.ErrorExpr(argument.span);
  }
  sema::FractionValue value;
  if (!checker.CheckFraction(argument, value)) return checker.ErrorExpr(argument.span);
  if (value.operands.size() > kMaxArguments - further.size()) {
    checker.Report(sema::kBadFormat, argument.span, "too many numbers to compute with");
    return checker.ErrorExpr(argument.span);
  }
  uint32_t own = step.slot;
  for (FractionStep& part : value.steps) {
    if (part.op != FractionOp::kSlot) continue;
    part.slot = part.slot == 0 ? own : static_cast<uint32_t>(given + further.size()) + part.slot - 1;
  }
  step.fraction = std::move(value.steps);
  if (value.operands.empty()) return checker.MakeInt(argument.span, 0, checker.types().Int(1, true));
  std::move(value.operands.begin() + 1, value.operands.end(), std::back_inserter(further));
  return std::move(value.operands.front());
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
    return checker.Fail(sema::kBadFormat, syntax.args[0]->span, format.error);
  }
  size_t given = syntax.args.size() - 1;
  if (given != format.slots || given > kMaxArguments) {
    return checker.Fail(
        sema::kWrongArgumentCount, syntax.args[0]->span,
        fmt::format("the format takes {} argument{}, {} given", format.slots, format.slots == 1 ? "" : "s", given));
  }
  bool failed = false;
  std::vector<sema::ExprPtr> further;  // numbers of fractions, behind the arguments
  for (uint32_t slot = 0; slot < given; ++slot) {
    const parser::Expr& argument = *syntax.args[slot + 1];
    FormatStep* step = StepOf(format, slot);
    bool is_computed = step != nullptr && (IsFractional(step->conversion) || checker.HasFraction(argument));
    sema::ExprPtr value =
        is_computed ? Computed(checker, argument, *step, given, further) : Plain(checker, argument, step);
    failed = failed || value->type->IsVague();
    call.args.push_back(std::move(value));
  }
  if (failed) return checker.types().Error();
  std::ranges::move(further, std::back_inserter(call.args));
  sema::Event event{
      .kind = kKind, .span = syntax.name_span, .function = std::string(call.builtin->name), .format = format.steps};
  for (const sema::ExprPtr& value : call.args) event.values.push_back(value->type);
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

const Builtin kPrintf{
    .name = "printf",
    .signature = "void printf(const string fmt, args...)",
    .summary = "Prints its arguments by a format, as printf(3) does.",
    .example = "tracepoint:syscalls:sys_enter_openat { printf(\"%-16s %s\\n\", comm, str(args.filename)); }",
    .min_args = 1,
    .max_args = sema::kAnyNumber,
    .has_effect = true,
    .check = Check<image::EventKind::kPrintf>,
    .lower = Lower};

const Builtin kErrorf{.name = "errorf",
                      .signature = "void errorf(const string fmt, args...)",
                      .summary = "As printf, on standard error with the place of the call.",
                      .example = "BEGIN { if (ncpus < 2) { errorf(\"%d CPU is too few\", ncpus); } exit(); }",
                      .min_args = 1,
                      .max_args = sema::kAnyNumber,
                      .has_effect = true,
                      .check = Check<image::EventKind::kError>,
                      .lower = Lower};

const Builtin kWarnf{.name = "warnf",
                     .signature = "void warnf(const string fmt, args...)",
                     .summary = "As errorf, for a warning.",
                     .example = "interval:s:1 { if (ncpus < 2) { warnf(\"only %d CPU\", ncpus); } exit(); }",
                     .min_args = 1,
                     .max_args = sema::kAnyNumber,
                     .has_effect = true,
                     .check = Check<image::EventKind::kWarning>,
                     .lower = Lower};

const Builtin kCat{.name = "cat",
                   .signature = "void cat(const string fmt, args...)",
                   .summary = "Prints a file, whose path is made as by printf: its first max_cat_bytes.",
                   .example = "tracepoint:syscalls:sys_enter_execve { cat(\"/proc/%d/maps\", pid); }",
                   .min_args = 1,
                   .max_args = sema::kAnyNumber,
                   .has_effect = true,
                   .check = Check<image::EventKind::kCat>,
                   .lower = Lower};

const Builtin kSystem{.name = "system",
                      .signature = "void system(const string fmt, args...)",
                      .summary =
                          "Runs a shell command, made as by printf, and prints what it says. One that takes "
                          "long goes on while tracing does.",
                      .example = "interval:s:1 { system(\"ps -p %d\", pid); exit(); }",
                      .min_args = 1,
                      .max_args = sema::kAnyNumber,
                      .is_unsafe = true,
                      .has_effect = true,
                      .check = Check<image::EventKind::kSystem>,
                      .lower = Lower};

}  // namespace sonde::builtins
