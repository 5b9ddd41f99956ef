// Who is running: pid, tid, uid, gid, comm.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kCommBytes = 16;  // TASK_COMM_LEN

const Type* Uint32(Checker& checker, const parser::Call&, Call&) { return checker.types().Int(4, false); }

// An id of the current task: from its task_struct where the program has that at hand, since a load is cheaper than a
// call.
llvm::Value* TaskField(BodyContext& body, uint32_t offset) {
  llvm::Value* at = body.At(body.task(), uint64_t{offset});
  llvm::Value* value = body.ir().CreateAlignedLoad(body.ir().getInt32Ty(), at, llvm::Align(4));
  return body.ir().CreateZExt(value, body.ir().getInt64Ty());
}

llvm::Value* HighHalf(BodyContext& body, int helper) {
  return body.ir().CreateLShr(body.Helper(helper, {}), body.I64(32));
}
llvm::Value* LowHalf(BodyContext& body, int helper) {
  return body.ir().CreateAnd(body.Helper(helper, {}), body.I64(UINT32_MAX));
}

// In which namespace an id is looked at. The tracer's own one is that of all ids unless it runs in a container.
const Type* CheckId(Checker& checker, const parser::Call& syntax, Call& call) {
  call.data.integers = {0};
  if (syntax.args.empty()) return checker.types().Int(4, false);
  const auto* word = std::get_if<parser::Identifier>(&syntax.args[0]->node);
  bool is_initial = word != nullptr && word->name == "init";
  if (!is_initial && (word == nullptr || word->name != "curr_ns")) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("{}() takes a namespace: curr_ns or init", syntax.name));
  }
  call.data.integers = {is_initial ? 1 : 0};
  return checker.types().Int(4, false);
}

// struct bpf_pidns_info: the thread's id, then the process's. Both are 0 for a task that the namespace does not see.
llvm::Value* IdInNamespace(BodyContext& body, uint64_t offset) {
  const codegen::KernelFacts& facts = body.module().facts;
  llvm::Value* ids = body.Temporary(8);
  body.ir().CreateAlignedStore(body.I64(0), ids, llvm::Align(8));
  body.Helper(BPF_FUNC_get_ns_current_pid_tgid,
              {body.I64(facts.pid_namespace.device), body.I64(facts.pid_namespace.inode), ids, body.I64(8)});
  llvm::Value* id = body.ir().CreateAlignedLoad(body.ir().getInt32Ty(), body.At(ids, offset), llvm::Align(4));
  return body.ir().CreateZExt(id, body.ir().getInt64Ty());
}

bool WantsNamespace(BodyContext& body, const Call& call) {
  return call.data.integers[0] == 0 && body.module().facts.pid_namespace.inode != 0;
}

const Type* CheckComm(Checker& checker, const parser::Call& syntax, Call& call) {
  if (syntax.args.empty()) return checker.types().String(kCommBytes);
  sema::ExprPtr pid = checker.CheckInteger(*syntax.args[0], "the process id");
  if (pid->type->IsVague()) return pid->type;
  call.args.push_back(std::move(pid));
  return checker.types().Rendered(image::ValueKind::kProcessName, 4);
}

llvm::Value* WriteComm(BodyContext& body, const sema::Expr&, const Call&, llvm::Value* target) {
  uint32_t offset = body.module().facts.task.comm;
  uint32_t step = std::min(body.AlignmentOf(target), offset & -offset);
  if (body.task() == nullptr || step < 4) {
    body.Zero(target, kCommBytes);  // 6.1 and older leave what stands behind the name
    body.Helper(BPF_FUNC_get_current_comm, {target, body.I64(kCommBytes)});
    return nullptr;
  }
  // The kernel keeps the bytes behind the name zero.
  llvm::Type* word = body.ir().getIntNTy(step * 8);
  for (uint32_t at = 0; at < kCommBytes; at += step) {
    llvm::Value* from = body.At(body.task(), uint64_t{offset} + at);
    body.ir().CreateAlignedStore(body.ir().CreateAlignedLoad(word, from, llvm::Align(step)),
                                 body.At(target, uint64_t{at}), llvm::Align(step));
  }
  return nullptr;
}

}  // namespace

const Builtin kPid{.name = "pid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 pid[(curr_ns or init)]",
                   .summary =
                       "The process id (thread group id) of the current task, as the tracer's namespace "
                       "(curr_ns) or the initial one sees it.",
                   .example = "tracepoint:syscalls:sys_enter_openat { @[pid, pid(init)] = count(); }",
                   .max_args = 1,
                   .check = CheckId,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
                     if (WantsNamespace(body, call)) return IdInNamespace(body, 4);
                     if (body.task() != nullptr) return TaskField(body, body.module().facts.task.tgid);
                     return HighHalf(body, BPF_FUNC_get_current_pid_tgid);
                   }};

const Builtin kTid{.name = "tid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 tid[(curr_ns or init)]",
                   .summary =
                       "The thread id of the current task, as the tracer's namespace (curr_ns) or the initial "
                       "one sees it.",
                   .example = "tracepoint:syscalls:sys_enter_openat { @start[tid] = nsecs; }",
                   .max_args = 1,
                   .check = CheckId,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
                     if (WantsNamespace(body, call)) return IdInNamespace(body, 0);
                     if (body.task() != nullptr) return TaskField(body, body.module().facts.task.pid);
                     return LowHalf(body, BPF_FUNC_get_current_pid_tgid);
                   }};

const Builtin kUid{.name = "uid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 uid",
                   .summary = "The user id of the current task.",
                   .example = "tracepoint:syscalls:sys_enter_execve { @[uid] = count(); }",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return LowHalf(body, BPF_FUNC_get_current_uid_gid);
                   }};

const Builtin kGid{.name = "gid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 gid",
                   .summary = "The group id of the current task.",
                   .example = "tracepoint:syscalls:sys_enter_execve { @[gid] = count(); }",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return HighHalf(body, BPF_FUNC_get_current_uid_gid);
                   }};

const Builtin kCgroup{.name = "cgroup",
                      .form = BuiltinForm::kVariable,
                      .signature = "uint64 cgroup",
                      .summary = "The id of the current task's cgroup (version 2).",
                      .example = "tracepoint:syscalls:sys_enter_openat { @[cgroup] = count(); }",
                      .check = [](Checker& checker, const parser::Call&, Call&) { return checker.types().Uint64(); },
                      .lower = [](BodyContext& body, const sema::Expr&,
                                  const Call&) { return body.Helper(BPF_FUNC_get_current_cgroup_id, {}); }};

const Builtin kComm{
    .name = "comm",
    .form = BuiltinForm::kVariable,
    .signature = "string[16] comm or process name comm(uint32 pid)",
    .summary = "The name of the current task; with a process id that process's, looked up when it is printed.",
    .example = "tracepoint:syscalls:sys_enter_kill { printf(\"%s -> %s\\n\", comm, comm(args.pid)); }",
    .max_args = 1,
    .fills_target = true,
    .check = CheckComm,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); },
    .lower_into = WriteComm};

const Builtin kCurtask{.name = "curtask",
                       .form = BuiltinForm::kVariable,
                       .signature = "struct task_struct *curtask",
                       .summary = "The kernel's description of the current task.",
                       .example = "profile:hz:99 { @[curtask.prio] = count(); }",
                       .check =
                           [](Checker& checker, const parser::Call&, Call&) {
                             return checker.types().Pointer(checker.types().Struct("struct task_struct"),
                                                            sema::AddressSpace::kKernel);
                           },
                       .lower = [](BodyContext& body, const sema::Expr&,
                                   const Call&) { return body.Helper(BPF_FUNC_get_current_task, {}); }};

}  // namespace sonde::builtins
