#include "codegen/kernel_text.h"

#include <linux/bpf.h>
#include <llvm/IR/InlineAsm.h>

namespace sonde::codegen {

llvm::Function* KernelText::NewFunction(const std::string& name, const std::vector<llvm::Type*>& parameters) {
  llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), parameters, false);
  llvm::Function* function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module_.module);
  function->setSection(section_);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  return function;
}

void KernelText::Go(llvm::Value* holds, const char* name, llvm::BasicBlock* otherwise) {
  llvm::BasicBlock* block = NewBlock(name);
  ir_.CreateCondBr(holds, block, otherwise);
  ir_.SetInsertPoint(block);
}

llvm::Value* KernelText::Helper(int number, const std::vector<llvm::Value*>& args) {
  std::vector<llvm::Type*> types;
  for (llvm::Value* arg : args) types.push_back(arg->getType());
  llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(I64(static_cast<uint64_t>(number)), Pointer());
  return ir_.CreateCall(llvm::FunctionType::get(I64Type(), types, false), helper, args);
}

llvm::Value* KernelText::Load(uint64_t offset) {
  return ir_.CreateAlignedLoad(I64Type(), Word(offset), llvm::Align(8), /*isVolatile=*/true);
}

void KernelText::Store(uint64_t offset, llvm::Value* value) {
  ir_.CreateAlignedStore(value, Word(offset), llvm::Align(8), /*isVolatile=*/true);
}

llvm::Value* KernelText::ReadAt(llvm::Value* address, uint64_t bytes) {
  Store(kCell, I64(0));
  Helper(BPF_FUNC_probe_read_kernel, {Word(kCell), I64(bytes), address});
  return Load(kCell);
}

// LLVM must not know the number, or it takes the mask away.
llvm::Value* KernelText::Masked(llvm::Value* value, uint64_t mask) {
  llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), {I64Type()}, false);
  llvm::InlineAsm* hide = llvm::InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/true);
  llvm::Value* masked = ir_.CreateAnd(ir_.CreateCall(type, hide, {value}), I64(mask));
  return ir_.CreateCall(type, hide, {masked});
}

llvm::Value* KernelText::Text(llvm::Value* offset) {
  return ir_.CreateGEP(ir_.getInt8Ty(), Word(kText), Masked(offset, kTextEnd - 1));
}

void KernelText::StoreText(llvm::Value* at, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    llvm::Value* byte = ir_.CreateGEP(ir_.getInt8Ty(), at, I64(i));
    ir_.CreateStore(ir_.getInt8(static_cast<uint8_t>(text[i])), byte);
  }
}

void KernelText::Prepend(std::string_view text) {
  llvm::Value* start = ir_.CreateSub(Load(kStart), I64(text.size()));
  Store(kStart, start);
  StoreText(Text(start), text);
}

void KernelText::PrependName(llvm::Value* address, llvm::Value* length) {
  llvm::Value* start = ir_.CreateSub(Load(kStart), length);
  Store(kStart, start);
  Helper(BPF_FUNC_probe_read_kernel, {Text(start), length, address});
}

}  // namespace sonde::codegen
