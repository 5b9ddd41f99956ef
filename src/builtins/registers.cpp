// What the processor's registers hold: retval, reg("ax"), and arguments on the stack: sarg0 … sarg9.
#include "builtins/common.h"
#include "kernel/pt_regs.h"

namespace sonde::builtins {
namespace {

const Type* NotHere(Checker& checker, const parser::Call& syntax, std::string hint) {
  checker
      .Report(sema::kNotAvailable, syntax.name_span,
              fmt::format("{} is not available in {} probes", syntax.name, checker.scope().probe_type->name))
      .Hint(std::move(hint));
  return checker.types().Error();
}

const Type* CheckRetval(Checker& checker, const parser::Call& syntax, Call& call) {
  if (sema::ExprPtr declared = checker.CheckReturnValue(syntax.name_span)) {
    const Type* type = declared->type;
    call.args.push_back(std::move(declared));
    return type;
  }
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (probe.returns_errors) return checker.types().Int64();
  if (probe.has_return_value) return checker.types().Uint64();
  return NotHere(checker, syntax, "what is returned is known at the end: syscall, uretprobe, kretprobe, fexit");
}

const Type* CheckStackArgument(Checker& checker, const parser::Call& syntax, Call& call) {
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (!probe.has_function_arguments || !probe.has_registers) {
    return NotHere(checker, syntax, "arguments are known where a function begins: uprobe, kprobe");
  }
  call.data.integers = {syntax.name[4] - '0'};
  return checker.types().Uint64();
}

const Type* CheckReg(Checker& checker, const parser::Call& syntax, Call& call) {
  if (!checker.scope().probe_type->has_registers) {
    return NotHere(checker, syntax, "registers are known in uprobe, uretprobe, usdt, kprobe and kretprobe probes");
  }
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the register");
  if (!name) return checker.types().Error();
  std::optional<uint32_t> offset = kernel::RegisterByName(*name);
  if (!offset) {
    checker.Report(sema::kWrongArgument, syntax.args[0]->span, fmt::format("there is no register '{}'", *name))
        .Hint(fmt::format("registers are: {}", kernel::RegisterNames()));
    return checker.types().Error();
  }
  call.data.integers = {*offset};
  return checker.types().Uint64();
}

constexpr Builtin OnStack(std::string_view name) {
  return {.name = name,
          .form = BuiltinForm::kVariable,
          .signature = "uint64 sargN",
          .summary = "An argument that the function finds on the stack, by its number there from 0.",
          .example = "uprobe:libc:malloc { print(sarg0); exit(); }",
          .check = CheckStackArgument,
          .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
            return body.FunctionArgument(static_cast<uint32_t>(call.data.integers[0]), /*only_stack=*/true);
          }};
}

}  // namespace

const Builtin kRetval{.name = "retval",
                      .form = BuiltinForm::kVariable,
                      .signature = "uint64 retval (int64 in syscall probes, the declared type where it is known)",
                      .summary = "What the function returns; of a system call that failed, the negative error number.",
                      .example = "uretprobe:libc:malloc { @[retval != 0] = count(); }",
                      .check = CheckRetval,
                      .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
                        return call.args.empty() ? body.ReturnValue() : body.Lower(*call.args[0]);
                      },
                      // A struct.
                      .lower_into = [](BodyContext& body, const sema::Expr& expr, const Call& call,
                                       llvm::Value* target) -> llvm::Value* {
                        return body.LowerInto(*call.args[0], *expr.type, target);
                      }};

const Builtin kReg{.name = "reg",
                   .signature = "uint64 reg(const string name)",
                   .summary = "The value of a register of the processor: reg(\"ip\").",
                   .example = "uprobe:libc:malloc { @[reg(\"di\")] = count(); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckReg,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
                     return body.Register(static_cast<uint32_t>(call.data.integers[0]));
                   }};

const Builtin kSarg0 = OnStack("sarg0");
const Builtin kSarg1 = OnStack("sarg1");
const Builtin kSarg2 = OnStack("sarg2");
const Builtin kSarg3 = OnStack("sarg3");
const Builtin kSarg4 = OnStack("sarg4");
const Builtin kSarg5 = OnStack("sarg5");
const Builtin kSarg6 = OnStack("sarg6");
const Builtin kSarg7 = OnStack("sarg7");
const Builtin kSarg8 = OnStack("sarg8");
const Builtin kSarg9 = OnStack("sarg9");

}  // namespace sonde::builtins
