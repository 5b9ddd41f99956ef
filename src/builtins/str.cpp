// str(p[, n]): the text behind a pointer.
#include <algorithm>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// `str($1)` is the parameter's text, whether it looks like a number or not; `str($1 + 2)` what follows of a text.
std::optional<std::string> PositionalText(Checker& checker, const parser::Expr& expr) {
  if (const auto* paren = std::get_if<parser::Paren>(&expr.node)) return PositionalText(checker, *paren->inner);
  if (const auto* sum = std::get_if<parser::Binary>(&expr.node); sum != nullptr && sum->op == parser::BinaryOp::kAdd) {
    const auto* skipped = std::get_if<parser::IntLiteral>(&sum->right->node);
    if (skipped == nullptr || !std::holds_alternative<parser::Positional>(sum->left->node)) return std::nullopt;
    const sema::ExprPtr value = checker.Check(*sum->left);
    const sema::StringConstant* text = value->AsString();
    if (text == nullptr) return std::nullopt;
    return text->value.substr(std::min<uint64_t>(skipped->value, text->value.size()));
  }
  const auto* positional = std::get_if<parser::Positional>(&expr.node);
  if (positional == nullptr) return std::nullopt;
  const std::vector<std::string>& parameters = checker.options().parameters;
  if (positional->index == 0 || positional->index > parameters.size()) return "";
  return parameters[positional->index - 1];
}

const Type* KnownText(Checker& checker, const std::string& text, uint32_t capacity, Call& call) {
  call.data.constant_text = text.substr(0, capacity - 1);
  return checker.types().String(static_cast<uint32_t>(call.data.constant_text->size() + 1));
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  uint32_t capacity = checker.options().max_strlen;
  uint32_t most = UINT32_MAX;  // of a text that is there already, which may be longer than max_strlen
  sema::ExprPtr length;
  if (syntax.args.size() > 1) {
    length = checker.CheckInteger(*syntax.args[1], "the length");
    if (length->type->IsVague()) return length->type;
    if (const sema::Constant* constant = length->AsConstant()) {
      // n bytes of text and the NUL.
      most = static_cast<uint32_t>(std::min<uint64_t>(constant->bits, UINT32_MAX - 1) + 1);
      capacity = std::min(capacity, most);
      length = nullptr;
    }
  }
  if (std::optional<std::string> text = PositionalText(checker, *syntax.args[0]); text && length == nullptr) {
    return KnownText(checker, *text, most, call);
  }
  sema::ExprPtr source = checker.Check(*syntax.args[0]);
  const Type* type = source->type;
  if (type->IsVague()) return type;
  if (const sema::StringConstant* text = source->AsString(); text != nullptr && length == nullptr) {
    return KnownText(checker, text->value, most, call);
  }
  if (!type->IsString() && !type->IsPointer() && !type->IsInteger()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("str() takes a pointer, but this is {}", sema::Name(*type)));
  }
  call.args.push_back(std::move(source));
  if (length != nullptr) {
    call.args.push_back(checker.Coerce(std::move(length), checker.types().Uint64(), "the length"));
  }
  return checker.types().String(type->IsString() ? std::min(type->size, most) : capacity);
}

llvm::Value* Write(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  const sema::Expr& source = *call.args[0];
  const bool is_text = source.type->IsString();
  if (is_text && call.args.size() == 1) return body.LowerInto(source, *expr.type, target);
  llvm::Value* capacity = body.I64(expr.type->size);
  if (call.args.size() > 1) {
    llvm::Value* wanted = body.AtMost(body.Lower(*call.args[1]), expr.type->size - 1);
    capacity = body.ir().CreateAdd(wanted, body.I64(1));
  }
  if (is_text) return body.ReadString(target, capacity, body.LowerAddress(source), sema::AddressSpace::kKernel);
  // A plain number (a pointer kept in a map as one) is taken for an address of the process.
  sema::AddressSpace space = source.type->IsPointer() ? source.type->space : sema::AddressSpace::kUser;
  // The kernel's declarations do not say whose memory an argument of its functions leads to.
  const sema::ProbeType& probe = *body.body().probe_type;
  const bool is_argument =
      (probe.has_function_arguments || probe.is_in_function) && probe.address_space == sema::AddressSpace::kKernel;
  const bool is_known = source.type->IsPointer() && space == sema::AddressSpace::kUser;
  if (is_argument && !is_known) return body.ReadStringAnywhere(target, capacity, body.Lower(source));
  return body.ReadString(target, capacity, body.Lower(source), space);
}

}  // namespace

const Builtin kStr{.name = "str",
                   .signature = "string str(char *p[, uint64 n])",
                   .summary = "The text behind a pointer, or the beginning of a text: at most n bytes (and at most max_strlen).",
                   .example = "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); }",
                   .min_args = 1,
                   .max_args = 2,
                   .check = Check,
                   .lower_into = Write};

}  // namespace sonde::builtins
