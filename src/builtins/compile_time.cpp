// What is known of an expression when the script is compiled: is_ptr(x) and its like.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

template <bool (*Holds)(const Type&)>
const Type* CheckType(Checker& checker, const parser::Call& syntax, Call& call) {
  const Type* type = checker.CheckTypeOrValue(*syntax.args[0]);
  if (type->IsVague()) return type;
  call.data.constant = Holds(*type) ? 1 : 0;
  return checker.types().Bool();
}

const Type* CheckIsLiteral(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.Check(*syntax.args[0]);
  if (value->type->IsVague()) return value->type;
  call.data.constant = value->is_literal ? 1 : 0;
  return checker.types().Bool();
}

bool IsPointer(const Type& type) { return type.IsPointer(); }
bool IsArray(const Type& type) { return type.IsArray(); }
bool IsInteger(const Type& type) { return type.IsInteger(); }
bool IsUnsigned(const Type& type) { return type.IsInteger() && !type.is_signed; }
bool IsString(const Type& type) { return type.IsString(); }

const Type* CheckStaticAssert(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr condition = checker.CheckCondition(*syntax.args[0]);
  std::optional<std::string> message = checker.CheckStringLiteral(*syntax.args[1], "the message");
  if (condition->type->IsVague()) return condition->type;
  if (!message) return checker.types().Error();
  const sema::Constant* constant = condition->AsConstant();
  if (constant == nullptr) {
    return checker.Fail(sema::kNotConstant, syntax.args[0]->span,
                        "static_assert needs a condition that is known when the script is compiled");
  }
  if (constant->bits == 0) return checker.Fail(sema::kAssertion, syntax.args[0]->span, *message);
  call.data.constant = 1;
  return checker.types().Void();
}

const Type* CheckAssert(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr condition = checker.CheckCondition(*syntax.args[0]);
  std::optional<std::string> message = checker.CheckStringLiteral(*syntax.args[1], "the message");
  if (condition->type->IsVague()) return condition->type;
  if (!message) return checker.types().Error();
  uint32_t said = checker.AddEvent({.kind = image::EventKind::kError,
                                    .span = syntax.name_span,
                                    .function = "assert",
                                    .format = {{.literal = "assertion failed: " + *message}}});
  call.data.event = checker.AddEvent({.kind = image::EventKind::kExit, .span = syntax.name_span, .function = "assert"});
  call.data.integers = {said};
  call.args.push_back(std::move(condition));
  return checker.types().Void();
}

llvm::Value* LowerAssert(BodyContext& body, const sema::Expr& expr, const Call& call) {
  llvm::BasicBlock* failed = body.NewBlock("failed");
  llvm::BasicBlock* holds = body.NewBlock("holds");
  body.ir().CreateCondBr(body.LowerCondition(*call.args[0]), holds, failed);
  body.ir().SetInsertPoint(failed);
  body.SendRecord(static_cast<uint32_t>(call.data.integers[0]), {}, expr.span);
  body.LowerExit(call.data.event, body.I64(1), expr.span);
  body.ir().CreateBr(holds);
  body.ir().SetInsertPoint(holds);
  return nullptr;
}

}  // namespace

const Builtin kIsPtr{.name = "is_ptr",
                     .signature = "bool is_ptr(expression or type)",
                     .summary = "Whether it is a pointer, known when the script is compiled.",
                     .example = "BEGIN { print(is_ptr(curtask)); exit(); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckType<IsPointer>};

const Builtin kIsArray{.name = "is_array",
                       .signature = "bool is_array(expression or type)",
                       .summary = "Whether it is an array, known when the script is compiled.",
                       .example = "BEGIN { print(is_array((uint8[4])(uint32)1)); exit(); }",
                       .min_args = 1,
                       .max_args = 1,
                       .check = CheckType<IsArray>};

const Builtin kIsInteger{.name = "is_integer",
                         .signature = "bool is_integer(expression or type)",
                         .summary = "Whether it is an integer, known when the script is compiled.",
                         .example = "BEGIN { print(is_integer(pid)); exit(); }",
                         .min_args = 1,
                         .max_args = 1,
                         .check = CheckType<IsInteger>};

const Builtin kIsUnsignedInteger{
    .name = "is_unsigned_integer",
    .signature = "bool is_unsigned_integer(expression or type)",
    .summary = "Whether it is an integer without a sign, known when the script is compiled.",
    .example = "BEGIN { print(is_unsigned_integer(pid)); exit(); }",
    .min_args = 1,
    .max_args = 1,
    .check = CheckType<IsUnsigned>};

const Builtin kIsStr{.name = "is_str",
                     .signature = "bool is_str(expression or type)",
                     .summary = "Whether it is a text, known when the script is compiled.",
                     .example = "BEGIN { print(is_str(comm)); exit(); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckType<IsString>};

const Builtin kIsLiteral{.name = "is_literal",
                         .signature = "bool is_literal(expression)",
                         .summary = "Whether it is a literal, or folds to one.",
                         .example = "BEGIN { print(is_literal(1)); exit(); }",
                         .min_args = 1,
                         .max_args = 1,
                         .check = CheckIsLiteral};

const Builtin kStaticAssert{
    .name = "static_assert",
    .signature = "void static_assert(bool condition, const string message)",
    .summary = "Refuses the script with this message when the condition does not hold.",
    .example = "BEGIN { static_assert(sizeof(uint64) == 8, \"strange machine\"); exit(); }",
    .min_args = 2,
    .max_args = 2,
    .has_effect = true,
    .check = CheckStaticAssert,
    .lower = [](BodyContext&, const sema::Expr&, const Call&) -> llvm::Value* { return nullptr; }};

const Builtin kAssert{.name = "assert",
                      .signature = "void assert(bool condition, const string message)",
                      .summary = "Ends the script with this message and status 1 when the condition does not hold.",
                      .example = "BEGIN { assert(ncpus > 0, \"there are CPUs\"); exit(); }",
                      .min_args = 2,
                      .max_args = 2,
                      .has_effect = true,
                      .check = CheckAssert,
                      .lower = LowerAssert};

}  // namespace sonde::builtins
