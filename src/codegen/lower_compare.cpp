// == and != of strings and of other values in memory.
#include <algorithm>
#include <cstring>

#include "codegen/body_context.h"

namespace sonde::codegen {
namespace {

constexpr uint32_t kMaxUnrolledBytes = 256;

// The first 8 bytes from `offset` of a string padded with zeros.
uint64_t WordAt(const std::string& value, size_t offset) {
  uint64_t word = 0;
  if (offset < value.size()) std::memcpy(&word, value.data() + offset, std::min<size_t>(8, value.size() - offset));
  return word;
}

}  // namespace

llvm::Value* BodyContext::LowerStringCompare(const sema::StringCompare& node) {
  const sema::StringConstant* left = node.left->AsString();
  const sema::StringConstant* right = node.right->AsString();
  llvm::Value* equal = nullptr;
  if (left != nullptr && right != nullptr) {
    equal = ir_.getInt1(left->value == right->value);
  } else if (right != nullptr) {
    equal = CompareWithLiteral(*node.left, right->value);
  } else if (left != nullptr) {
    equal = CompareWithLiteral(*node.right, left->value);
  } else {
    equal = CompareStrings(*node.left, *node.right);
  }
  return ir_.CreateZExt(node.equal ? equal : ir_.CreateNot(equal), ir_.getInt64Ty());
}

// Both sides as map keys are made: with every padding byte zero, so that equal values have equal bytes.
llvm::Value* BodyContext::LowerMemoryCompare(const sema::MemoryCompare& node) {
  uint32_t bytes = (node.type->size + 7) / 8 * 8;
  llvm::Value* sides[2] = {Temporary(bytes), Temporary(bytes)};
  const sema::Expr* values[2] = {node.left.get(), node.right.get()};
  for (int i = 0; i < 2; ++i) {
    Zero(sides[i], bytes);
    LowerKeyInto(*values[i], *node.type, sides[i]);
  }
  llvm::Value* equal = ir_.CreateICmpEQ(Difference(sides[0], sides[1], bytes), I64(0));
  return ir_.CreateZExt(node.equal ? equal : ir_.CreateNot(equal), ir_.getInt64Ty());
}

// 0 when both memories hold the same: word by word, in a loop where there are many.
llvm::Value* BodyContext::Difference(llvm::Value* left, llvm::Value* right, uint32_t bytes) {
  auto word_difference = [&](llvm::Value* offset) {
    llvm::Value* a = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(left, offset), llvm::Align(8));
    llvm::Value* b = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(right, offset), llvm::Align(8));
    return ir_.CreateXor(a, b);
  };
  if (bytes <= kMaxUnrolledBytes) {
    llvm::Value* difference = I64(0);
    for (uint32_t at = 0; at < bytes; at += 8) difference = ir_.CreateOr(difference, word_difference(I64(at)));
    return difference;
  }
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* loop = NewBlock("compare");
  llvm::BasicBlock* done = NewBlock("compared");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  llvm::PHINode* offset = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  offset->addIncoming(I64(0), before);
  llvm::Value* difference = word_difference(offset);
  llvm::Value* next = ir_.CreateAdd(offset, I64(8));
  offset->addIncoming(next, loop);
  llvm::Value* goes_on = ir_.CreateAnd(ir_.CreateICmpEQ(difference, I64(0)), ir_.CreateICmpULT(next, I64(bytes)));
  ir_.CreateCondBr(goes_on, loop, done);
  ir_.SetInsertPoint(done);
  return difference;
}

// All bytes of the literal and its NUL, eight at a time: the value's memory is 8-byte aligned or in a temporary that
// is.
llvm::Value* BodyContext::CompareWithLiteral(const sema::Expr& value, const std::string& literal) {
  if (literal.size() + 1 > value.type->size) {
    LowerAddress(value);
    return ir_.getInt1(false);
  }
  llvm::Value* address = nullptr;
  if (std::holds_alternative<sema::Member>(value.node)) {
    address = Temporary(value.type->size);
    LowerInto(value, *value.type, address);
  } else {
    address = LowerAddress(value);
  }
  llvm::Value* difference = I64(0);
  size_t bytes = literal.size() + 1;
  for (size_t at = 0; at < bytes;) {
    uint32_t step = 8;
    while (at + step > bytes) step /= 2;
    uint64_t word = WordAt(literal, at);
    if (step < 8) word &= (uint64_t{1} << (step * 8)) - 1;
    llvm::Value* part = ir_.CreateAlignedLoad(ir_.getIntNTy(step * 8), At(address, at), llvm::Align(step));
    llvm::Value* wide = ir_.CreateZExt(part, ir_.getInt64Ty());
    difference = ir_.CreateOr(difference, ir_.CreateXor(wide, I64(word)));
    at += step;
  }
  return ir_.CreateICmpEQ(difference, I64(0));
}

// Byte by byte up to the first NUL or difference; a loop that the verifier can bound.
llvm::Value* BodyContext::CompareStrings(const sema::Expr& left, const sema::Expr& right) {
  llvm::Value* a = LowerAddress(left);
  llvm::Value* b = LowerAddress(right);
  uint32_t limit = std::min(left.type->size, right.type->size);
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* loop = NewBlock("compare");
  llvm::BasicBlock* same = NewBlock("same_byte");
  llvm::BasicBlock* next = NewBlock("next_byte");
  llvm::BasicBlock* done = NewBlock("compared");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  llvm::PHINode* index = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  index->addIncoming(I64(0), before);
  llvm::Value* x = ir_.CreateLoad(ir_.getInt8Ty(), At(a, index));
  llvm::Value* y = ir_.CreateLoad(ir_.getInt8Ty(), At(b, index));
  ir_.CreateCondBr(ir_.CreateICmpEQ(x, y), same, done);
  ir_.SetInsertPoint(same);
  ir_.CreateCondBr(ir_.CreateICmpEQ(x, ir_.getInt8(0)), done, next);
  ir_.SetInsertPoint(next);
  llvm::Value* following = ir_.CreateAdd(index, I64(1));
  index->addIncoming(following, next);
  ir_.CreateCondBr(ir_.CreateICmpULT(following, I64(limit)), loop, done);
  ir_.SetInsertPoint(done);
  llvm::PHINode* equal = ir_.CreatePHI(ir_.getInt1Ty(), 3);
  equal->addIncoming(ir_.getInt1(false), loop);
  equal->addIncoming(ir_.getInt1(true), same);
  equal->addIncoming(ir_.getInt1(true), next);
  return equal;
}

}  // namespace sonde::codegen
