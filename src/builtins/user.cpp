// Of the current task: username, usermode.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint64_t kCodeSegment = 136;  // of struct pt_regs on x86-64; its two low bits are the privilege level

// Probes that interrupt whatever runs, and get its registers; all others are in the kernel by their nature, but for
// those in user code.
const Type* CheckMode(Checker& checker, const parser::Call&, Call& call) {
  std::string_view probe = checker.scope().probe_type->name;
  bool interrupts = probe == "profile" || probe == "software" || probe == "hardware" || probe == "interval";
  bool is_user = probe.starts_with("u");  // uprobe, uretprobe, usdt
  if (!interrupts) call.data.constant = is_user ? 1 : 0;
  return checker.types().Int(1, false);
}

llvm::Value* LowerMode(BodyContext& body, const sema::Expr&, const Call&) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* segment =
      ir.CreateAlignedLoad(ir.getInt64Ty(), body.At(body.ctx(), kCodeSegment), llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* level = ir.CreateAnd(segment, body.I64(3));
  return ir.CreateZExt(ir.CreateICmpNE(level, body.I64(0)), ir.getInt64Ty());
}

}  // namespace

const Builtin kUsername{.name = "username",
                        .form = BuiltinForm::kVariable,
                        .signature = "string username",
                        .summary = "The name of the current task's user, looked up when it is printed.",
                        .example = "tracepoint:syscalls:sys_enter_execve { @[username] = count(); }",
                        .check = [](Checker& checker, const parser::Call&,
                                    Call&) { return checker.types().Rendered(image::ValueKind::kUsername, 4); },
                        .lower = [](BodyContext& body, const sema::Expr&, const Call&) -> llvm::Value* {
                          return body.ir().CreateAnd(body.Helper(BPF_FUNC_get_current_uid_gid, {}),
                                                     body.I64(UINT32_MAX));
                        }};

const Builtin kUsermode{.name = "usermode",
                        .form = BuiltinForm::kVariable,
                        .signature = "uint8 usermode",
                        .summary = "1 when the probe interrupted user code, 0 when it interrupted the kernel.",
                        .example = "profile:hz:99 { @[usermode ? \"user\" : \"kernel\"] = count(); }",
                        .check = CheckMode,
                        .lower = LowerMode};

}  // namespace sonde::builtins
