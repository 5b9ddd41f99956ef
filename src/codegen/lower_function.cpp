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

}  // namespace sonde::codegen
