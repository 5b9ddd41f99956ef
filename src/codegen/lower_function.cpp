// What a function was called with, and what it returned, where the kernel hands that over as 64-bit words.
#include <linux/bpf.h>

#include <algorithm>

#include "codegen/body_context.h"
#include "kernel/pt_regs.h"

namespace sonde::codegen {

llvm::Value* BodyContext::WordArgument(uint32_t number) {
  if (program_.access == ArgsAccess::kWords) {
    return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(ctx(), uint64_t{number} * 8), llvm::Align(8));
  }
  if (program_.access == ArgsAccess::kCall) return FunctionArgument(number);
  SONDE_CHECK(program_.access == ArgsAccess::kTrampoline);
  llvm::Value* place = Temporary(8);
  Helper(BPF_FUNC_get_func_arg, {ctx(), I64(number), place});
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
}

llvm::Value* BodyContext::WordReturned() {
  if (program_.access == ArgsAccess::kCall) return CurrentRegister(kernel::kRegisterAx);
  SONDE_CHECK(program_.access == ArgsAccess::kTrampoline);
  llvm::Value* place = Temporary(8);
  Helper(BPF_FUNC_get_func_ret, {ctx(), place});
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
}

// As it was when the call began: the registers of arguments, and the stack pointer.
llvm::Value* BodyContext::NotedRegister(uint32_t offset) {
  uint64_t at = offsetof(image::FunctionCall, place);
  if (offset != kernel::kRegisterSp) {
    const auto* found = std::ranges::find(kernel::kArgumentRegisters, offset);
    SONDE_CHECK(found != kernel::kArgumentRegisters.end());
    at = offsetof(image::FunctionCall, registers) + 8 * static_cast<uint64_t>(found - kernel::kArgumentRegisters.begin());
  }
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(frame_.call, at), llvm::Align(8));
}

llvm::Value* BodyContext::LocatedNumber(const kernel::UserLocation& at, bool now) {
  const auto value = [&](int32_t offset) {
    return now ? CurrentRegister(static_cast<uint32_t>(offset)) : Register(static_cast<uint32_t>(offset));
  };
  llvm::Value* number = I64(static_cast<uint64_t>(at.displacement));
  if (at.base >= 0) {
    llvm::Value* base = ir_.CreateLShr(value(at.base), at.shift);
    const uint64_t unused = 64 - uint64_t{at.register_size} * 8;
    base = ir_.CreateAnd(base, I64(~uint64_t{0} >> unused));
    number = ir_.CreateAdd(base, number);
  }
  if (at.index < 0) return number;
  return ir_.CreateAdd(number, ir_.CreateMul(value(at.index), I64(at.scale)));
}

void BodyContext::StoreLocated(const kernel::UserLocation& at, const sema::Type& type, llvm::Value* target, bool now) {
  const auto value = [&](int32_t offset) {
    return now ? CurrentRegister(static_cast<uint32_t>(offset)) : Register(static_cast<uint32_t>(offset));
  };
  llvm::Value* words = Temporary(16);
  ir_.CreateAlignedStore(value(at.base), words, llvm::Align(8));
  if (at.second >= 0) ir_.CreateAlignedStore(value(at.second), At(words, 8), llvm::Align(8));
  Copy(target, words, type.size);
}

}  // namespace sonde::codegen
