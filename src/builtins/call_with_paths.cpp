// call_with_paths(): a system call with what is behind its descriptors. See codegen/call_paths.cpp.
#include "builtins/common.h"
#include "builtins/fd_path_fields.h"
#include "codegen/call_capture.h"
#include "codegen/call_paths.h"
#include "codegen/fd_path.h"
#include "image/abi.h"
#include "image/syscall_shapes.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  if (!checker.scope().probe_type->returns_errors) {
    return checker.Fail(sema::kNotAvailable, syntax.name_span,
                        fmt::format("{} is not available in {} probes, but in syscall probes", syntax.name,
                                    checker.scope().probe_type->name));
  }
  if (!syntax.args.empty()) {
    sema::ExprPtr before = checker.Check(*syntax.args[0]);
    if (before->type->IsVague()) return before->type;
    if (!before->type->IsString()) {
      return checker.Fail(sema::kTypeMismatch, syntax.args[0]->span,
                          fmt::format("what was behind the descriptor is a string, not {}", sema::Name(*before->type)));
    }
    call.args.push_back(std::move(before));
  }
  return FindFdPathFields(checker, syntax, call) ? checker.types().CallText() : checker.types().Error();
}

llvm::Value* LoadEnd(BodyContext& body, llvm::Value* work) {
  return body.ir().CreateAlignedLoad(body.ir().getInt64Ty(), body.At(work, codegen::kCaptureEnd), llvm::Align(8),
                                     /*isVolatile=*/true);
}

// A chunk of the text that was behind the descriptor which the call took away.
void AppendBefore(BodyContext& body, const sema::Expr& text, llvm::Value* capture, llvm::Value* work) {
  constexpr uint32_t kRoom = image::kMaxText + sizeof(image::ChunkHeader) + 8;
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* before = ir.CreatePtrToInt(body.LowerAddress(text), ir.getInt64Ty());
  llvm::Value* start = body.AtMost(LoadEnd(body, work), image::kCallBytes - kRoom);
  llvm::Value* target = body.At(capture, ir.CreateAdd(start, body.I64(sizeof(image::ChunkHeader))));
  const uint64_t room = std::min<uint64_t>(image::kMaxText, text.type->size);
  llvm::Value* read = body.Helper(BPF_FUNC_probe_read_kernel_str, {target, body.I64(room), before});
  llvm::Value* length = ir.CreateSelect(ir.CreateICmpSGT(read, body.I64(0)), ir.CreateSub(read, body.I64(1)), body.I64(0));
  llvm::Value* header = ir.CreateOr(ir.CreateShl(length, body.I64(16)),
                                    body.I64(image::kPathBefore | static_cast<uint64_t>(image::Fetch::kPath) << 8));
  ir.CreateAlignedStore(ir.CreateTrunc(header, ir.getInt32Ty()), body.At(capture, start), llvm::Align(1));
  llvm::Value* end = ir.CreateAdd(start, ir.CreateAdd(length, body.I64(sizeof(image::ChunkHeader))));
  ir.CreateAlignedStore(end, body.At(work, codegen::kCaptureEnd), llvm::Align(8), /*isVolatile=*/true);
}

llvm::Value* Write(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  const std::string section(ir.GetInsertBlock()->getParent()->getSection());
  llvm::Value* capture = body.At(target, uint64_t{image::kBufferLengthBytes});
  llvm::Value* captured = body.CaptureCall(target, image::kCallBytes);
  llvm::Value* work = body.Temporary(codegen::kCaptureWorkBytes);
  ir.CreateAlignedStore(captured, body.At(work, codegen::kCaptureEnd), llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* texts = body.Temporary(codegen::KernelTextSpace::kWorkBytes);
  ir.CreateCall(codegen::CallPaths(body.module(), section, call.data.integers), {capture, work, texts});
  if (!call.args.empty()) AppendBefore(body, *call.args[0], capture, work);
  llvm::Value* length = body.AtMost(LoadEnd(body, work), image::kCallBytes);
  body.StoreLength(length, target);
  return length;
}

}  // namespace

const Builtin kCallWithPaths{
    .name = "call_with_paths",
    .signature = "call call_with_paths([string before])",
    .summary = "As call, with what is behind each descriptor, as strace -y writes it. before: what was behind the one "
               "that close, dup2 or dup3 took away.",
    .example = "syscall:read { printf(\"%s\\n\", call_with_paths()); }",
    .min_args = 0,
    .max_args = 1,
    .check = Check,
    .lower_into = Write};

}  // namespace sonde::builtins
