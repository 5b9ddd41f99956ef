// Of a call from its beginning to its end: elapsed_ns, call, is_call.
#include <algorithm>
#include <set>

#include "base/glob.h"
#include "builtins/common.h"
#include "image/syscall_shapes.h"

namespace sonde::builtins {
namespace {

const Type* CheckElapsedNs(Checker& checker, const parser::Call& syntax, Call&) {
  const sema::ProbeType& probe = *checker.scope().probe_type;
  if (!probe.has_elapsed_ns) {
    checker
        .Report(sema::kNotAvailable, syntax.name_span,
                fmt::format("elapsed_ns is not available in {} probes", probe.name))
        .Hint("it is the time that a call took: syscall:name; elapsed is the time since the script was started");
    return checker.types().Error();
  }
  if (checker.scope().unreachable == 0) checker.scope().body->needs_enter = true;
  return checker.types().Uint64();
}

const Type* NotHere(Checker& checker, const parser::Call& syntax) {
  return checker.Fail(sema::kNotAvailable, syntax.name_span,
                      fmt::format("{} is not available in {} probes, but in syscall probes", syntax.name,
                                  checker.scope().probe_type->name));
}

const Type* CheckCall(Checker& checker, const parser::Call& syntax, Call&) {
  return checker.scope().probe_type->returns_errors ? checker.types().CallText() : NotHere(checker, syntax);
}

// Classes of calls, as strace's -e trace=%class takes them. Those of calls with a path or a descriptor follow from their
// arguments.
struct CallClass {
  std::string_view name;
  std::string_view calls;  // between blanks
};
constexpr CallClass kClasses[] = {
    {"network",
     " socket socketpair bind connect listen accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown "
     "getsockname getpeername setsockopt getsockopt "},
    {"process", " clone clone3 fork vfork execve execveat wait4 waitid kill tkill tgkill pidfd_open "
                "pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo "},
    {"signal",
     " kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend "
     "rt_tgsigqueueinfo sigaltstack signalfd signalfd4 pause pidfd_send_signal "},
    {"memory",
     " brk mmap munmap mprotect mremap msync mincore madvise mlock mlock2 munlock mlockall munlockall mbind "
     "get_mempolicy set_mempolicy migrate_pages move_pages remap_file_pages pkey_mprotect shmat shmdt io_setup "
     "io_destroy process_madvise set_mempolicy_home_node "},
    {"ipc", " shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl "},
    {"creds", " getuid getgid geteuid getegid setuid setgid setreuid setregid setresuid getresuid setresgid getresgid "
              "setfsuid setfsgid getgroups setgroups capget capset prctl "},
};

bool HasArgument(int number, std::initializer_list<std::string_view> kinds) {
  const image::SyscallShape* shape = image::FindSyscallShape(number);
  return shape != nullptr && std::ranges::any_of(shape->arguments, [&](const image::ArgumentShape& argument) {
           return std::ranges::find(kinds, argument.kind) != kinds.end();
         });
}

bool IsClass(std::string_view name) {
  return name == "file" || name == "desc" || name == "all" ||
         std::ranges::find(kClasses, name, &CallClass::name) != std::end(kClasses);
}

bool InClass(std::string_view wanted, std::string_view name, int number) {
  if (wanted == "all") return true;
  if (wanted == "file") return HasArgument(number, {"path"});
  if (wanted == "desc") return HasArgument(number, {"fd", "dirfd", "pollfds", "epoll_events"});
  const auto* found = std::ranges::find(kClasses, wanted, &CallClass::name);
  return found != std::end(kClasses) && found->calls.contains(fmt::format(" {} ", name));
}

// "trace=!open*,%network": the words, and whether they are those that are left out.
struct CallList {
  std::vector<std::string_view> words;
  bool is_excluded = false;
};

CallList ReadCallList(std::string_view text) {
  CallList list;
  if (text.starts_with("trace=")) text.remove_prefix(6);
  list.is_excluded = text.starts_with('!');
  if (list.is_excluded) text.remove_prefix(1);
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) list.words.push_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

bool Matches(const CallList& list, std::string_view name, int number) {
  const bool is_named = std::ranges::any_of(list.words, [&](std::string_view word) {
    return word.starts_with('%') ? InClass(word.substr(1), name, number) : word == "all" || GlobMatch(word, name);
  });
  return is_named != list.is_excluded;
}

const Type* CheckIsCall(Checker& checker, const parser::Call& syntax, Call& call) {
  if (!checker.scope().probe_type->returns_errors) return NotHere(checker, syntax);
  sema::ExprPtr list = checker.Check(*syntax.args[0]);
  if (list->type->IsVague()) return list->type;
  const sema::StringConstant* text = list->AsString();
  if (text == nullptr) {
    return checker.Fail(sema::kNotConstant, syntax.args[0]->span, "is_call takes a literal or an option of the script");
  }
  for (std::string_view word : ReadCallList(text->value).words) {
    if (!word.starts_with('%') || IsClass(word.substr(1))) continue;
    return checker.Fail(sema::kNotConstant, syntax.args[0]->span,
                        fmt::format("there is no class {} of system calls: %file %desc %network %process %signal %memory "
                                    "%ipc %creds", word));
  }
  call.data.text = text->value;
  return checker.types().Bool();
}

// The number is known where the body is called, but the body is one for all calls.
llvm::Value* LowerIsCall(BodyContext& body, const sema::Expr&, const Call& call) {
  const CallList list = ReadCallList(call.data.text);
  llvm::IRBuilder<>& ir = body.ir();
  llvm::BasicBlock* done = body.NewBlock("is_call");
  llvm::BasicBlock* from = ir.GetInsertBlock();
  std::set<int> wanted;
  std::set<int> all;
  for (const sema::ProbeInstance& probe : body.module().program.probes) {
    const auto* pair = std::get_if<sema::HookSyscallPair>(&probe.hook);
    if (pair == nullptr) continue;
    all.insert(pair->number);
    if (Matches(list, std::string_view(probe.name).substr(probe.name.rfind(':') + 1), pair->number))
      wanted.insert(pair->number);
  }
  // Few cases either way.
  const bool is_negated = wanted.size() * 2 > all.size();
  llvm::BasicBlock* listed = body.NewBlock("listed");
  llvm::SwitchInst* pick = ir.CreateSwitch(body.SyscallNumber(), done);
  for (int number : all) {
    if (wanted.contains(number) != is_negated) pick->addCase(ir.getInt64(static_cast<uint64_t>(number)), listed);
  }
  ir.SetInsertPoint(listed);
  ir.CreateBr(done);
  ir.SetInsertPoint(done);
  llvm::PHINode* result = ir.CreatePHI(ir.getInt64Ty(), 2);
  result->addIncoming(body.I64(is_negated ? 1 : 0), from);
  result->addIncoming(body.I64(is_negated ? 0 : 1), listed);
  return result;
}

}  // namespace

const Builtin kElapsedNs{.name = "elapsed_ns",
                         .form = BuiltinForm::kVariable,
                         .signature = "uint64 elapsed_ns",
                         .summary = "How long the call took, in nanoseconds.",
                         .example = "syscall:read { @ns = hist(elapsed_ns); }",
                         .check = CheckElapsedNs,
                         .lower = [](BodyContext& body, const sema::Expr&, const Call&) { return body.ElapsedNs(); }};

const Builtin kCall{.name = "call",
                    .form = BuiltinForm::kVariable,
                    .signature = "call call",
                    .summary = "The system call as strace writes it: its name, its arguments by name, its result.",
                    .example = "syscall:openat { printf(\"%s\\n\", call); }",
                    .check = CheckCall,
                    .lower_into = [](BodyContext& body, const sema::Expr&, const Call&, llvm::Value* target) {
                      return body.CaptureCall(target, image::kCallBytes);
                    }};

const Builtin kIsCall{
    .name = "is_call",
    .signature = "bool is_call(string list)",
    .summary = "Whether the system call is one of a list, as strace -e takes it: names, wildcards, %file %desc %network "
               "%process %signal %memory %ipc %creds; behind a ! all others.",
    .example = "syscall:* /is_call(\"open*,%network\")/ { @[probe] = count(); }",
    .min_args = 1,
    .max_args = 1,
    .check = CheckIsCall,
    .lower = LowerIsCall};

}  // namespace sonde::builtins
