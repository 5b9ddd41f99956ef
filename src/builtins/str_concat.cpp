// str_concat(a, b, …): texts one behind the other.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kMaxBytes = 16U << 10;

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  uint32_t capacity = 1;
  bool is_vague = false;
  for (const parser::ExprPtr& argument : syntax.args) {
    sema::ExprPtr text = checker.Check(*argument);
    const Type* type = text->type;
    is_vague = is_vague || type->IsVague();
    if (!type->IsVague() && !type->IsString()) {
      checker
          .Report(sema::kWrongArgument, argument->span,
                  fmt::format("str_concat() takes texts, but this is {}", sema::Name(*type)))
          .Hint(type->IsPointer() ? "str() reads the text behind a pointer" : "printf() prints values of any type");
      return checker.types().Error();
    }
    if (type->IsString()) capacity += type->size - 1;
    call.args.push_back(std::move(text));
  }
  if (is_vague) return checker.types().Error();
  if (capacity > kMaxBytes) {
    return checker.Fail(
        sema::kOutOfRange, syntax.name_span,
        fmt::format("these texts may take {} bytes together; str_concat() makes at most {}", capacity, kMaxBytes));
  }
  return checker.types().String(capacity);
}

llvm::Value* Write(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::Value* end = body.I64(0);
  uint64_t limit = 0;
  for (const sema::ExprPtr& text : call.args) {
    llvm::Value* length = body.LowerTextInto(*text, *text->type, body.At(target, end));
    limit += text->type->size - 1;
    end = body.AtMost(body.ir().CreateAdd(end, body.AtMost(length, text->type->size - 1)), limit);
  }
  // A text leaves what lies behind its NUL undefined, and one that could not be read may leave no NUL.
  body.ir().CreateStore(body.ir().getInt8(0), body.At(target, end));
  return end;
}

}  // namespace

const Builtin kStrConcat{.name = "str_concat",
                         .signature = "string str_concat(string a, string b, ...)",
                         .summary = "Texts joined to one, as long as they all may be together.",
                         .example = "BEGIN { print(str_concat(\"task \", comm)); exit(); }",
                         .min_args = 2,
                         .max_args = 16,
                         .check = Check,
                         .lower_into = Write};

}  // namespace sonde::builtins
