// Makes texts of the kernel's structures inside a BPF program: subprograms that work in scratch, where the verifier follows
// no numbers. The text is written from its end to its beginning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codegen/body_context.h"

namespace sonde::codegen {

// The work space: words, then the text, with room behind for what is added.
struct KernelTextSpace {
  static constexpr uint32_t kPathBytes = 4096;  // PATH_MAX
  static constexpr uint64_t kDentry = 0;
  static constexpr uint64_t kMount = 8;
  static constexpr uint64_t kRoot = 16;  // of the mount
  static constexpr uint64_t kStart = 24;
  static constexpr uint64_t kEnd = 32;
  static constexpr uint64_t kCell = 40;  // where a value is read to
  static constexpr uint64_t kRun = 48;   // of zeros, in an address
  static constexpr uint64_t kText = 56;
  static constexpr uint64_t kTextEnd = kPathBytes;
  static constexpr uint64_t kTextRoom = kPathBytes + 512;
  static constexpr uint32_t kWorkBytes = kText + kTextRoom;
};

class KernelText : protected KernelTextSpace {
 protected:
  static constexpr uint64_t kNameMask = 255;  // NAME_MAX

  // `offsets` by the rows of FdPathFields.
  KernelText(ModuleContext& module, std::string section, const std::vector<int64_t>& offsets)
      : module_(module), section_(std::move(section)), offsets_(offsets), ir_(module.llvm) {}

  llvm::Type* Pointer() { return ir_.getPtrTy(); }
  llvm::Type* I64Type() { return ir_.getInt64Ty(); }
  llvm::ConstantInt* I64(uint64_t value) { return ir_.getInt64(value); }
  uint64_t Offset(size_t field) const { return static_cast<uint64_t>(offsets_[field]); }

  llvm::Function* NewFunction(const std::string& name, const std::vector<llvm::Type*>& parameters);
  llvm::BasicBlock* NewBlock(const char* name) { return llvm::BasicBlock::Create(module_.llvm, name, function_); }
  // Goes on in a new block where `holds`, else at `otherwise`.
  void Go(llvm::Value* holds, const char* name, llvm::BasicBlock* otherwise);
  llvm::Value* Helper(int number, const std::vector<llvm::Value*>& args);

  // Of the work space.
  llvm::Value* Word(uint64_t offset) { return ir_.CreateGEP(ir_.getInt8Ty(), work_, I64(offset)); }
  llvm::Value* Load(uint64_t offset);
  void Store(uint64_t offset, llvm::Value* value);

  // So many bytes of the kernel's memory as a number; 0 where it cannot be read.
  llvm::Value* ReadAt(llvm::Value* address, uint64_t bytes = 8);
  llvm::Value* Read(llvm::Value* base, size_t field, uint64_t bytes = 8) {
    return ReadAt(ir_.CreateAdd(base, I64(Offset(field))), bytes);
  }

  // A number that the verifier sees to be at most `mask`, one less than a power of two.
  llvm::Value* Masked(llvm::Value* value, uint64_t mask);
  // A place in the text, in bounds that the verifier sees.
  llvm::Value* Text(llvm::Value* offset);
  void StoreText(llvm::Value* at, std::string_view text);
  void Prepend(std::string_view text);
  // A name of this length, at most kNameMask, at `address`.
  void PrependName(llvm::Value* address, llvm::Value* length);

  ModuleContext& module_;
  std::string section_;
  const std::vector<int64_t>& offsets_;
  llvm::IRBuilder<> ir_;
  llvm::Function* function_ = nullptr;
  llvm::Value* work_ = nullptr;
};

}  // namespace sonde::codegen
