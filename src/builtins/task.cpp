// Who is running: pid, tid, uid, gid, comm.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

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

constexpr uint32_t kCommBytes = 16;  // TASK_COMM_LEN

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
                   .signature = "uint32 pid",
                   .summary = "The process id (thread group id) of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     if (body.task() != nullptr) return TaskField(body, body.module().facts.task.tgid);
                     return HighHalf(body, BPF_FUNC_get_current_pid_tgid);
                   }};

const Builtin kTid{.name = "tid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 tid",
                   .summary = "The thread id of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     if (body.task() != nullptr) return TaskField(body, body.module().facts.task.pid);
                     return LowHalf(body, BPF_FUNC_get_current_pid_tgid);
                   }};

const Builtin kUid{.name = "uid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 uid",
                   .summary = "The user id of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return LowHalf(body, BPF_FUNC_get_current_uid_gid);
                   }};

const Builtin kGid{.name = "gid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 gid",
                   .summary = "The group id of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return HighHalf(body, BPF_FUNC_get_current_uid_gid);
                   }};

const Builtin kCgroup{.name = "cgroup",
                      .form = BuiltinForm::kVariable,
                      .signature = "uint64 cgroup",
                      .summary = "The id of the current task's cgroup (version 2).",
                      .check = [](Checker& checker, const parser::Call&, Call&) { return checker.types().Uint64(); },
                      .lower = [](BodyContext& body, const sema::Expr&,
                                  const Call&) { return body.Helper(BPF_FUNC_get_current_cgroup_id, {}); }};

const Builtin kComm{
    .name = "comm",
    .form = BuiltinForm::kVariable,
    .signature = "string[16] comm",
    .summary = "The name of the current task.",
    .fills_target = true,
    .check = [](Checker& checker, const parser::Call&, Call&) { return checker.types().String(kCommBytes); },
    .lower_into = WriteComm};

const Builtin kCurtask{.name = "curtask",
                       .form = BuiltinForm::kVariable,
                       .signature = "struct task_struct *curtask",
                       .summary = "The kernel's description of the current task.",
                       .check =
                           [](Checker& checker, const parser::Call&, Call&) {
                             return checker.types().Pointer(checker.types().Struct("struct task_struct"),
                                                            sema::AddressSpace::kKernel);
                           },
                       .lower = [](BodyContext& body, const sema::Expr&,
                                   const Call&) { return body.Helper(BPF_FUNC_get_current_task, {}); }};

}  // namespace sonde::builtins
