// Who is running: pid, tid, uid, gid, comm.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

const Type* Uint32(Checker& checker, const parser::Call&, Call&) { return checker.types().Int(4, false); }

llvm::Value* HighHalf(BodyContext& body, int helper) {
  return body.ir().CreateLShr(body.Helper(helper, {}), body.I64(32));
}
llvm::Value* LowHalf(BodyContext& body, int helper) {
  return body.ir().CreateAnd(body.Helper(helper, {}), body.I64(UINT32_MAX));
}

constexpr uint32_t kCommBytes = 16;  // TASK_COMM_LEN

llvm::Value* WriteComm(BodyContext& body, const sema::Expr&, const Call&, llvm::Value* target) {
  body.Helper(BPF_FUNC_get_current_comm, {target, body.I64(kCommBytes)});
  return nullptr;
}

}  // namespace

const Builtin kPid{.name = "pid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 pid",
                   .summary = "The process id (thread group id) of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
                     return HighHalf(body, BPF_FUNC_get_current_pid_tgid);
                   }};

const Builtin kTid{.name = "tid",
                   .form = BuiltinForm::kVariable,
                   .signature = "uint32 tid",
                   .summary = "The thread id of the current task.",
                   .check = Uint32,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call&) {
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

const Builtin kComm{
    .name = "comm",
    .form = BuiltinForm::kVariable,
    .signature = "string[16] comm",
    .summary = "The name of the current task.",
    .fills_target = true,
    .check = [](Checker& checker, const parser::Call&, Call&) { return checker.types().String(kCommBytes); },
    .lower_into = WriteComm};

}  // namespace sonde::builtins
