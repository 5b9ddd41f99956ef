// What lies behind pointers, parts of values in memory, and addresses.
#include <linux/bpf.h>

#include <numeric>

#include "codegen/body_context.h"

namespace sonde::codegen {

using sema::Type;

llvm::Value* BodyContext::LoadAddress(const sema::Load& node) {
  llvm::Value* address = Lower(*node.pointer);
  if (node.offset != 0) address = ir_.CreateAdd(address, I64(node.offset));
  if (node.index == nullptr) return address;
  return ir_.CreateAdd(address, ir_.CreateMul(Lower(*node.index), I64(node.scale)));
}

// Reads the bytes that hold a bitfield, wherever they lie, and moves its bits to the end of a word.
llvm::Value* BodyContext::ReadBitfield(const Type& type, uint32_t bit_offset, uint32_t bit_width, llvm::Value* address,
                                       sema::AddressSpace space) {
  uint32_t bytes = std::min((bit_offset + bit_width + 7) / 8, 8U);
  llvm::Value* place = Temporary(8);
  ir_.CreateAlignedStore(I64(0), place, llvm::Align(8));
  ReadMemory(place, bytes, address, space);
  llvm::Value* word = ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
  llvm::Value* high = ir_.CreateShl(word, I64(64 - bit_offset - bit_width));
  llvm::Value* unused = I64(64 - bit_width);
  return type.is_signed ? ir_.CreateAShr(high, unused) : ir_.CreateLShr(high, unused);
}

llvm::Value* BodyContext::LowerLoad(const sema::Load& node, const Type& type) {
  sema::AddressSpace space = node.pointer->type->space;
  llvm::Value* address = LoadAddress(node);
  if (node.bit_width != 0) return ReadBitfield(type, node.bit_offset, node.bit_width, address, space);
  llvm::Value* place = Temporary(8);
  ReadMemory(place, type.size, address, space);
  return LoadScalar(type, place);
}

llvm::Value* BodyContext::MemberAddress(const sema::Member& node, const Type& type, llvm::Value* base) {
  if (node.index == nullptr) return At(base, node.offset);
  const Type& array = *node.base->type;
  uint64_t last = (array.IsString() ? array.size : array.count) - 1;
  llvm::Value* index = AtMost(Lower(*node.index), last);
  return At(base, ir_.CreateMul(index, I64(type.size)));
}

llvm::Value* BodyContext::LowerMember(const sema::Member& node, const Type& type) {
  llvm::Value* base = LowerAddress(*node.base);
  llvm::Value* address = MemberAddress(node, type, base);
  if (node.bit_width != 0) {
    return ReadBitfield(type, node.bit_offset, node.bit_width, address, sema::AddressSpace::kKernel);
  }
  // The fields of a packed struct lie anywhere; the verifier wants numbers in their proper places.
  if (AlignmentOf(node.index == nullptr ? address : base) >= type.size) return LoadScalar(type, address);
  llvm::Value* place = Temporary(8);
  ReadMemory(place, type.size, address, sema::AddressSpace::kKernel);
  return LoadScalar(type, place);
}

// As a plain number, which may be kept, compared and calculated with where a program's own pointers may not: what a
// helper has copied is one to the verifier. Reading behind it goes by a helper as well.
llvm::Value* BodyContext::LowerAddressOf(const sema::AddressOf& node) {
  llvm::Value* address = nullptr;
  if (const auto* variable = std::get_if<sema::VariableRef>(&node.target)) {
    address = VariableAddress(variable->variable);
  } else {
    const auto& ref = std::get<sema::MapRef>(node.target);
    bool is_keyless = module().program.maps[ref.map].key == nullptr;
    address = is_keyless ? DirectValue(ref.map) : Lookup(ref, LowerKey(ref));
  }
  llvm::Value* place = Temporary(8);
  llvm::Value* copy = Temporary(8);
  ir_.CreateAlignedStore(ir_.CreatePtrToInt(address, ir_.getInt64Ty()), place, llvm::Align(8));
  ReadMemory(copy, 8, place, sema::AddressSpace::kKernel);
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), copy, llvm::Align(8));
}

}  // namespace sonde::codegen
