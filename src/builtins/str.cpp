// str(p[, n]): the text behind a pointer.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// `str($1)` is the parameter's text, whether it looks like a number or not.
std::optional<std::string> PositionalText(Checker& checker, const parser::Expr& expr) {
  const auto* positional = std::get_if<parser::Positional>(&expr.node);
  if (positional == nullptr) return std::nullopt;
  const std::vector<std::string>& parameters = checker.options().parameters;
  if (positional->index == 0 || positional->index > parameters.size()) return "";
  return parameters[positional->index - 1];
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  uint32_t capacity = checker.options().max_strlen;
  if (syntax.args.size() > 1) {
    sema::ExprPtr limit = checker.CheckInteger(*syntax.args[1], "the length");
    if (limit->type->IsVague()) return limit->type;
    if (const sema::Constant* constant = limit->AsConstant()) {
      // n bytes of text and the NUL.
      uint64_t wanted = std::min<uint64_t>(constant->bits, capacity - 1) + 1;
      capacity = static_cast<uint32_t>(wanted);
    } else {
      call.args.resize(1);
      call.args.push_back(checker.Coerce(std::move(limit), checker.types().Uint64(), "the length"));
    }
  }
  if (call.args.empty()) call.args.resize(1);
  if (std::optional<std::string> text = PositionalText(checker, *syntax.args[0])) {
    const Type* type = checker.types().String(static_cast<uint32_t>(text->size() + 1));
    call.args[0] = checker.Make(syntax.args[0]->span, type, sema::StringConstant{*text});
    return type;
  }
  sema::ExprPtr pointer = checker.Check(*syntax.args[0]);
  if (pointer->type->IsVague()) return pointer->type;
  if (pointer->type->IsString()) {
    const Type* type = pointer->type;
    call.args[0] = std::move(pointer);
    return type;
  }
  if (!pointer->type->IsPointer() && !pointer->type->IsInteger()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("str() takes a pointer, but this is {}", sema::Name(*pointer->type)));
  }
  call.args[0] = std::move(pointer);
  return checker.types().String(capacity);
}

llvm::Value* Write(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  const sema::Expr& source = *call.args[0];
  if (source.type->IsString()) return body.LowerInto(source, *expr.type, target);
  llvm::Value* capacity = body.I64(expr.type->size);
  if (call.args.size() > 1) {
    llvm::Value* wanted = body.AtMost(body.Lower(*call.args[1]), expr.type->size - 1);
    capacity = body.ir().CreateAdd(wanted, body.I64(1));
  }
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
                   .summary = "The text behind a pointer, at most n bytes (and at most max_strlen).",
                   .example = "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); }",
                   .min_args = 1,
                   .max_args = 2,
                   .check = Check,
                   .lower_into = Write};

}  // namespace sonde::builtins
