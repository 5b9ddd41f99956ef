// print(value), print(@m[, top[, div]]).
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* CheckMap(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<uint32_t> map = checker.CheckWholeMap(*syntax.args[0], "print()");
  if (!map) return checker.types().Error();
  int64_t limits[2] = {0, 0};
  for (size_t i = 1; i < syntax.args.size(); ++i) {
    std::optional<int64_t> limit = checker.CheckLiteral(*syntax.args[i], i == 1 ? "top" : "div");
    if (!limit) return checker.types().Error();
    if (*limit < 0 || *limit > INT32_MAX) {
      return checker.Fail(sema::kOutOfRange, syntax.args[i]->span, "this must be a positive number");
    }
    limits[i - 1] = *limit;
  }
  call.data.event = checker.AddEvent({.kind = image::EventKind::kPrintMap,
                                      .span = syntax.name_span,
                                      .function = "print",
                                      .map = *map,
                                      .top = static_cast<uint32_t>(limits[0]),
                                      .div = static_cast<uint64_t>(limits[1])});
  return checker.types().Void();
}

const Type* CheckFraction(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::FractionValue value;
  if (!checker.CheckFraction(*syntax.args[0], value)) return checker.types().Error();
  sema::Event event{.kind = image::EventKind::kPrintValue, .span = syntax.name_span, .function = "print"};
  event.format.push_back({.fraction = std::move(value.steps)});
  for (const sema::ExprPtr& operand : value.operands) event.values.push_back(operand->type);
  call.args = std::move(value.operands);
  call.data.event = checker.AddEvent(std::move(event));
  return checker.types().Void();
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  const auto* access = std::get_if<parser::MapAccess>(&syntax.args[0]->node);
  if (access != nullptr && !access->has_brackets) return CheckMap(checker, syntax, call);
  if (syntax.args.size() > 1) {
    return checker.Fail(sema::kWrongArgument, syntax.args[1]->span, "top and div go with a whole map");
  }
  if (checker.HasFraction(*syntax.args[0])) return CheckFraction(checker, syntax, call);
  sema::ExprPtr value = checker.Check(*syntax.args[0]);
  const Type* type = value->type;
  if (type->IsVague()) return type;
  if (type->kind == sema::TypeKind::kVoid || type->kind == sema::TypeKind::kAggregate ||
      type->kind == sema::TypeKind::kArgs) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span, "print() takes a value or a map");
  }
  call.data.event = checker.AddEvent(
      {.kind = image::EventKind::kPrintValue, .span = syntax.name_span, .function = "print", .values = {type}});
  call.args.push_back(std::move(value));
  return checker.types().Void();
}

}  // namespace

const Builtin kPrint{
    .name = "print",
    .signature = "void print(value) or void print(map m[, int top[, int div]])",
    .summary = "Prints a value and a newline, or a whole map: its `top` largest values, divided by `div`.",
    .example =
        "tracepoint:syscalls:sys_enter_openat { @[comm] = count(); } interval:s:1 { print(@, 5); print(\"of all\"); }",
    .min_args = 1,
    .max_args = 3,
    .has_effect = true,
    .check = Check,
    .lower = [](BodyContext& body, const sema::Expr& expr, const Call& call) -> llvm::Value* {
      std::vector<const sema::Expr*> values;
      for (const sema::ExprPtr& arg : call.args) values.push_back(arg.get());
      body.SendRecord(call.data.event, values, expr.span);
      return nullptr;
    }};

}  // namespace sonde::builtins
