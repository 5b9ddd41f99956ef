// What a function was called with, and what it returned, where the kernel hands that over as 64-bit words.
#include <linux/bpf.h>

#include "codegen/body_context.h"

namespace sonde::codegen {

llvm::Value* BodyContext::WordArgument(uint32_t number) {
  if (program_.access == ArgsAccess::kWords) {
    return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(ctx(), uint64_t{number} * 8), llvm::Align(8));
  }
  SONDE_CHECK(program_.access == ArgsAccess::kTrampoline);
  llvm::Value* place = Temporary(8);
  Helper(BPF_FUNC_get_func_arg, {ctx(), I64(number), place});
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
}

llvm::Value* BodyContext::WordReturned() {
  SONDE_CHECK(program_.access == ArgsAccess::kTrampoline);
  llvm::Value* place = Temporary(8);
  Helper(BPF_FUNC_get_func_ret, {ctx(), place});
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
}

llvm::Value* BodyContext::LocatedNumber(const kernel::UserLocation& at) {
  llvm::Value* number = I64(static_cast<uint64_t>(at.displacement));
  if (at.base >= 0) {
    llvm::Value* base = ir_.CreateLShr(Register(static_cast<uint32_t>(at.base)), at.shift);
    const uint64_t unused = 64 - uint64_t{at.register_size} * 8;
    base = ir_.CreateAnd(base, I64(~uint64_t{0} >> unused));
    number = ir_.CreateAdd(base, number);
  }
  if (at.index < 0) return number;
  llvm::Value* index = Register(static_cast<uint32_t>(at.index));
  return ir_.CreateAdd(number, ir_.CreateMul(index, I64(at.scale)));
}

void BodyContext::StoreLocated(const kernel::UserLocation& at, const sema::Type& type, llvm::Value* target) {
  llvm::Value* words = Temporary(16);
  ir_.CreateAlignedStore(Register(static_cast<uint32_t>(at.base)), words, llvm::Align(8));
  if (at.second >= 0) {
    ir_.CreateAlignedStore(Register(static_cast<uint32_t>(at.second)), At(words, 8), llvm::Align(8));
  }
  Copy(target, words, type.size);
}

}  // namespace sonde::codegen
