// System calls from their beginning to their end: arguments, result, time.
#include <linux/bpf.h>

#include "codegen/body_context.h"
#include "codegen/call_capture.h"
#include "kernel/pt_regs.h"

namespace sonde::codegen {
namespace {

using Exec = sema::ArgsFieldInfo::Exec;

// Offsets in struct pt_regs (arch/x86/include/uapi/asm/ptrace.h): system call arguments in order, the stack pointer.
constexpr uint32_t kSyscallRegisters[] = {112, 104, 96, 56, 72, 64};
constexpr uint32_t kStackPointer = 152;

constexpr int kExecve = 59;
constexpr int kExecveat = 322;

}  // namespace

// Where calls are paired, the call's number stands in the upper half.
llvm::Value* BodyContext::probe_id() {
  if (program_.access != ArgsAccess::kSyscallPair) return frame_.probe_id;
  return ir_.CreateAnd(frame_.probe_id, I64(UINT32_MAX));
}

llvm::Value* BodyContext::SyscallNumber() { return ir_.CreateLShr(frame_.probe_id, I64(32)); }

// The kernel leaves the registers of the arguments as they were, but for execve.
llvm::Value* BodyContext::LowerPairedArgument(const sema::ArgsFieldInfo& field) {
  if (field.exec != Exec::kKept) return LowerExecArgument(field);
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(regs(), kSyscallRegisters[field.syscall_argument]), llvm::Align(8));
}

// After a success the old memory is gone. The new image has the same texts: the kernel puts the file name behind the
// environment's, and the arrays of pointers on the stack behind argc (fs/binfmt_elf.c, create_elf_tables).
llvm::Value* BodyContext::LowerExecArgument(const sema::ArgsFieldInfo& field) {
  llvm::Type* i64 = ir_.getInt64Ty();
  uint64_t stored = offsetof(image::CallStart, arguments) + 8 * static_cast<uint64_t>(field.syscall_argument);
  llvm::Value* given = ir_.CreateAlignedLoad(i64, At(frame_.call, stored), llvm::Align(8));
  if (field.exec == Exec::kOther) return given;
  // Hidden, lest the two loads become one of either address, which the verifier does not take.
  llvm::Value* found = Hide(FoundExecArgument(field.exec));
  return ir_.CreateSelect(ir_.CreateICmpEQ(ReturnValue(), I64(0)), found, given);
}

llvm::Value* BodyContext::FoundExecArgument(Exec part) {
  llvm::Type* i64 = ir_.getInt64Ty();
  if (part == Exec::kFileName) {
    llvm::Value* mm = ir_.CreateAlignedLoad(ir_.getPtrTy(), At(task(), module().facts.task.mm), llvm::Align(8));
    return ir_.CreateAlignedLoad(i64, At(mm, module().facts.mm_env_end), llvm::Align(8));
  }
  llvm::Value* stack = ir_.CreateAlignedLoad(i64, At(regs(), kStackPointer), llvm::Align(8));
  llvm::Value* words = I64(1);
  if (part == Exec::kEnvironment) {
    llvm::Value* argc_at = Temporary(8);
    ReadMemory(argc_at, 8, stack, sema::AddressSpace::kUser);
    words = ir_.CreateAdd(ir_.CreateAlignedLoad(i64, argc_at, llvm::Align(8)), I64(2));
  }
  return ir_.CreateAdd(stack, ir_.CreateShl(words, I64(3)));
}

llvm::Value* BodyContext::ReturnValue() {
  if (program_.access == ArgsAccess::kRegisters || program_.access == ArgsAccess::kCall) {
    return CurrentRegister(kernel::kRegisterAx);
  }
  if (program_.access == ArgsAccess::kTrampoline) return WordReturned();
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(ctx(), 8), llvm::Align(8));
}

// When the call ended, its program has put the time that it took in place of its beginning.
llvm::Value* BodyContext::ElapsedNs() {
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(frame_.call, offsetof(image::CallStart, start_ns)), llvm::Align(8));
}

llvm::Value* BodyContext::CaptureCall(llvm::Value* target, uint32_t capacity) {
  llvm::Value* call = At(target, uint64_t{image::kBufferLengthBytes});
  StoreCallHeader(call);
  llvm::Value* work = Temporary(kCaptureWorkBytes);
  ir_.CreateCall(CallCapture(module(), program_.section), {call, work});
  llvm::Value* end = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(work, kCaptureEnd), llvm::Align(8), true);
  llvm::Value* length = AtMost(end, capacity);
  StoreLength(length, target);
  return length;
}

// The number in the lower half of its word, the probe's in the upper one, by which the reader knows the call's name.
void BodyContext::StoreCallHeader(llvm::Value* target) {
  auto store = [&](llvm::Value* value, uint64_t offset) {
    ir_.CreateAlignedStore(value, At(target, offset), llvm::Align(4));
  };
  llvm::Value* number = SyscallNumber();
  store(ir_.CreateOr(number, ir_.CreateShl(probe_id(), I64(32))), offsetof(image::CallHeader, number));
  store(ReturnValue(), offsetof(image::CallHeader, result));
  constexpr uint64_t kArguments = offsetof(image::CallHeader, arguments);
  for (uint64_t i = 0; i < 6; ++i) {
    llvm::Value* argument =
        ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(regs(), uint64_t{kSyscallRegisters[i]}), llvm::Align(8));
    store(argument, kArguments + 8 * i);
  }
  StoreExecArguments(target, kExecve);
  StoreExecArguments(target, kExecveat);
}

// Where the call is this one, the arguments of its beginning, and after a success those of the new image.
void BodyContext::StoreExecArguments(llvm::Value* target, int number) {
  constexpr uint64_t kArguments = offsetof(image::CallHeader, arguments);
  llvm::BasicBlock* same = NewBlock("exec");
  llvm::BasicBlock* noted = NewBlock("exec_noted");
  llvm::BasicBlock* done = NewBlock("not_exec");
  ir_.CreateCondBr(ir_.CreateICmpEQ(SyscallNumber(), I64(static_cast<uint64_t>(number))), same, done);
  ir_.SetInsertPoint(same);
  ir_.CreateCondBr(ir_.CreateIsNull(frame_.call), done, noted);
  ir_.SetInsertPoint(noted);
  uint64_t first = number == kExecveat ? 1 : 0;  // behind the folder's descriptor
  constexpr Exec kParts[] = {Exec::kFileName, Exec::kArguments, Exec::kEnvironment};
  for (uint64_t i = 0; i < 5; ++i) {
    llvm::Value* value = ir_.CreateAlignedLoad(
        ir_.getInt64Ty(), At(frame_.call, offsetof(image::CallStart, arguments) + 8 * i), llvm::Align(8));
    if (i >= first && i < first + 3) {
      llvm::Value* found = Hide(FoundExecArgument(kParts[i - first]));
      value = ir_.CreateSelect(ir_.CreateICmpEQ(ReturnValue(), I64(0)), found, value);
    }
    ir_.CreateAlignedStore(value, At(target, kArguments + 8 * i), llvm::Align(4));
  }
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

}  // namespace sonde::codegen
