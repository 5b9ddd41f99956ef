// Numbers that have names: strerror(n), signal_name(n), syscall_name(n). What is printed by name stays a number, with
// the names beside it in its type.
#include <array>
#include <cstring>
#include <string>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

using Names = std::vector<std::pair<int64_t, std::string>>;

constexpr int kLastErrno = 133;  // EHWPOISON

Names Errors(Checker&) {
  Names names{{0, "Success"}};
  for (int number = 1; number <= kLastErrno; ++number) {
    const char* text = strerrordesc_np(number);
    if (text == nullptr) continue;
    names.emplace_back(number, text);
  }
  return names;
}

Names Signals(Checker&) {
  constexpr int kFirstRealTime = 34;  // the first two are the C library's own
  constexpr int kLastSignal = 64;
  Names names;
  for (int number = 1; number < 32; ++number) names.emplace_back(number, fmt::format("SIG{}", sigabbrev_np(number)));
  for (int number = kFirstRealTime; number <= kLastSignal; ++number) {
    int above = number - kFirstRealTime;
    names.emplace_back(number, above == 0 ? "SIGRTMIN" : fmt::format("SIGRTMIN+{}", above));
  }
  return names;
}

// Where a system call is called otherwise than its tracepoints.
constexpr auto kRenamed = std::to_array<std::pair<int, std::string_view>>(
    {{4, "stat"}, {5, "fstat"}, {6, "lstat"}, {40, "sendfile"}, {63, "uname"}, {156, "_sysctl"}, {166, "umount2"}});
constexpr int kAfterLastSyscall = 1024;

Names Syscalls(Checker& checker) {
  Names names;
  for (int number = 0; number < kAfterLastSyscall; ++number) {
    std::string_view name = checker.kernel().SyscallName(number);
    if (!name.empty()) names.emplace_back(number, name);
  }
  for (auto& [number, name] : names) {
    for (const auto& [renamed, as] : kRenamed) {
      if (number == renamed) name = as;
    }
  }
  return names;
}

template <Names (*kNames)(Checker&)>
const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr number = checker.CheckInteger(*syntax.args[0], "the number");
  if (number->type->IsVague()) return number->type;
  sema::Type* type = checker.types().Enum(std::string(call.builtin->name), 8, true, "names");
  if (type->enumerators.empty()) type->enumerators = kNames(checker);
  if (const sema::Constant* constant = number->AsConstant()) {
    auto wanted = static_cast<int64_t>(constant->bits);
    if (kNames == Errors && wanted < 0) wanted = -wanted;
    std::string text = std::to_string(wanted);
    for (const auto& [value, name] : type->enumerators) {
      if (value == wanted) text = name;
    }
    call.data.constant_text = text;
    return checker.types().String(static_cast<uint32_t>(text.size()) + 1);
  }
  call.args.push_back(std::move(number));
  return type;
}

llvm::Value* Lower(BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }

// The kernel returns error numbers with a minus.
llvm::Value* LowerError(BodyContext& body, const sema::Expr&, const Call& call) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* number = body.Lower(*call.args[0]);
  return ir.CreateSelect(ir.CreateICmpSLT(number, body.I64(0)), ir.CreateNeg(number), number);
}

}  // namespace

const Builtin kStrerror{.name = "strerror",
                        .signature = "string strerror(int error)",
                        .summary = "What an error number means; negative ones, as the kernel returns them, too.",
                        .example = "tracepoint:syscalls:sys_exit_openat /args.ret < 0/ { print(strerror(args.ret)); }",
                        .min_args = 1,
                        .max_args = 1,
                        .check = Check<Errors>,
                        .lower = LowerError};

const Builtin kSignalName{.name = "signal_name",
                          .signature = "string signal_name(int signal)",
                          .summary = "The name of a signal: SIGTERM.",
                          .example = "tracepoint:signal:signal_generate { @[signal_name(args.sig)] = count(); }",
                          .min_args = 1,
                          .max_args = 1,
                          .check = Check<Signals>,
                          .lower = Lower};

const Builtin kSyscallName{.name = "syscall_name",
                           .signature = "string syscall_name(int number)",
                           .summary = "The name of a system call, by its number on this machine.",
                           .example = "tracepoint:raw_syscalls:sys_enter { @[syscall_name(args.id)] = count(); }",
                           .min_args = 1,
                           .max_args = 1,
                           .check = Check<Syscalls>,
                           .lower = Lower};

}  // namespace sonde::builtins
