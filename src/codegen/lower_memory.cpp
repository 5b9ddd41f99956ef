// Values in memory: strings, tuples, arrays, structs.
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>

#include "codegen/body_context.h"
#include "sema/builtin.h"

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

using sema::Type;
using sema::TypeKind;

bool HasGaps(const Type& type) {
  uint32_t used = 0;
  for (const sema::Field& field : type.fields) {
    if (field.type->kind == TypeKind::kTuple && HasGaps(*field.type)) return true;
    used += field.type->size;
  }
  return used != type.size;
}

// The first 8 bytes from `offset` of a string padded with zeros.
uint64_t WordAt(const std::string& value, size_t offset) {
  uint64_t word = 0;
  if (offset < value.size()) std::memcpy(&word, value.data() + offset, std::min<size_t>(8, value.size() - offset));
  return word;
}

}  // namespace

// The text, its NUL, and zeros to the end of that word.
llvm::Value* BodyContext::StoreString(const std::string& value, uint32_t capacity, llvm::Value* target) {
  std::string bytes = value.substr(0, capacity - 1);
  size_t length = bytes.size();
  bytes.resize(std::min<size_t>(capacity, (length / 8 + 1) * 8));
  StoreBytes(target, bytes);
  return I64(length);
}

// Element by element, since the same tuple with wider elements lies differently.
void BodyContext::CopyTuple(llvm::Value* target, const Type& to, llvm::Value* source, const Type& from) {
  for (size_t i = 0; i < to.fields.size(); ++i) {
    const Type& to_type = *to.fields[i].type;
    const Type& from_type = *from.fields[i].type;
    llvm::Value* to_place = At(target, to.fields[i].offset);
    llvm::Value* from_place = At(source, from.fields[i].offset);
    if (to_type.kind == TypeKind::kTuple) {
      CopyTuple(to_place, to_type, from_place, from_type);
    } else if (to_type.IsString()) {
      ReadString(to_place, I64(std::min(to_type.size, from_type.size)), from_place, sema::AddressSpace::kKernel);
    } else if (to_type.IsScalar()) {
      StoreScalar(LoadScalar(from_type, from_place), to_type, to_place);
    } else {
      Copy(to_place, from_place, to_type.size);
    }
  }
}

llvm::Value* BodyContext::LowerInto(const sema::Expr& expr, const Type& type, llvm::Value* target) {
  const Type& from = *expr.type;
  auto from_address = [&]() -> llvm::Value* {
    llvm::Value* address = LowerAddress(expr);
    if (type.IsString()) {
      return ReadString(target, I64(std::min(type.size, from.size)), address, sema::AddressSpace::kKernel);
    }
    if (&type != &from && type.kind == TypeKind::kTuple) {
      CopyTuple(target, type, address, from);
    } else {
      Copy(target, address, type.size);
    }
    return nullptr;
  };
  return std::visit(
      Overloaded{
          [&](const sema::StringConstant& node) -> llvm::Value* { return StoreString(node.value, type.size, target); },
          [&](const sema::Call& node) -> llvm::Value* { return node.builtin->lower_into(*this, expr, node, target); },
          [&](const sema::ArgsField& node) -> llvm::Value* {
            const sema::ArgsFieldInfo& field = body_.args->fields[node.field];
            if (type.IsString()) return LowerArgsString(field, from, target);
            ReadMemory(target, type.size, RecordFieldAddress(field), sema::AddressSpace::kKernel);
            return nullptr;
          },
          [&](const sema::Load& node) -> llvm::Value* {
            sema::AddressSpace space = node.pointer->type->space;
            llvm::Value* address = LoadAddress(node, from);
            if (type.IsString()) return ReadString(target, I64(std::min(type.size, from.size)), address, space);
            ReadMemory(target, type.size, address, space);
            return nullptr;
          },
          [&](const sema::Tuple& node) -> llvm::Value* {
            for (size_t i = 0; i < node.elements.size(); ++i) {
              const sema::Field& field = type.fields[i];
              StoreValue(*node.elements[i], *field.type, At(target, field.offset));
            }
            return nullptr;
          },
          [&](const sema::Ternary& node) -> llvm::Value* {
            llvm::BasicBlock* then_block = NewBlock("then");
            llvm::BasicBlock* else_block = NewBlock("else");
            llvm::BasicBlock* done = NewBlock("done");
            ir_.CreateCondBr(LowerCondition(*node.condition), then_block, else_block);
            ir_.SetInsertPoint(then_block);
            llvm::Value* then_length = LowerInto(*node.then_value, type, target);
            then_block = ir_.GetInsertBlock();
            ir_.CreateBr(done);
            ir_.SetInsertPoint(else_block);
            llvm::Value* else_length = LowerInto(*node.else_value, type, target);
            else_block = ir_.GetInsertBlock();
            ir_.CreateBr(done);
            ir_.SetInsertPoint(done);
            if (then_length == nullptr || else_length == nullptr) return nullptr;
            llvm::PHINode* length = ir_.CreatePHI(ir_.getInt64Ty(), 2);
            length->addIncoming(then_length, then_block);
            length->addIncoming(else_length, else_block);
            return length;
          },
          [&](const sema::BlockValue& node) -> llvm::Value* {
            LowerStatements(node.statements);
            return LowerInto(*node.value, type, target);
          },
          [&](const auto&) -> llvm::Value* { return from_address(); },
      },
      expr.node);
}

void BodyContext::StoreValue(const sema::Expr& expr, const Type& type, llvm::Value* target) {
  if (type.IsScalar()) {
    StoreScalar(Lower(expr), type, target);
  } else {
    LowerInto(expr, type, target);
  }
}

void BodyContext::LowerKeyInto(const sema::Expr& expr, const Type& type, llvm::Value* target) {
  if (type.IsScalar()) {
    StoreScalar(Lower(expr), type, target);
    return;
  }
  if (const auto* tuple = std::get_if<sema::Tuple>(&expr.node)) {
    if (HasGaps(type)) Zero(target, type.size);
    for (size_t i = 0; i < tuple->elements.size(); ++i) {
      const sema::Field& field = type.fields[i];
      LowerKeyInto(*tuple->elements[i], *field.type, At(target, field.offset));
    }
    return;
  }
  const auto* call = std::get_if<sema::Call>(&expr.node);
  bool filled = call != nullptr && call->builtin->fills_target && expr.type->size == type.size;
  if (!filled) Zero(target, type.size);
  LowerInto(expr, type, target);
}

llvm::Value* BodyContext::LowerAddress(const sema::Expr& expr) {
  const Type& type = *expr.type;
  if (const auto* variable = std::get_if<sema::VariableRef>(&expr.node)) return variables_[variable->variable];
  if (const auto* member = std::get_if<sema::Member>(&expr.node)) return MemberAddress(*member, type);
  if (const auto* read = std::get_if<sema::MapRead>(&expr.node)) {
    uint32_t zeros = layout().zeros(type.size);
    if (read->ref.key == nullptr) return DirectValue(read->ref.map);
    llvm::Value* found = Lookup(read->ref, LowerKey(read->ref));
    llvm::Value* missing = ir_.CreateIsNull(found);
    llvm::BasicBlock* some = ir_.GetInsertBlock();
    llvm::BasicBlock* none = NewBlock("none");
    llvm::BasicBlock* done = NewBlock("done");
    ir_.CreateCondBr(missing, none, done);
    ir_.SetInsertPoint(none);
    llvm::Value* zero = At(DirectValue(zeros), uint64_t{0});
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
    llvm::PHINode* address = ir_.CreatePHI(ir_.getPtrTy(), 2);
    address->addIncoming(found, some);
    address->addIncoming(zero, none);
    return address;
  }
  llvm::Value* place = Temporary(type.size);
  LowerInto(expr, type, place);
  return place;
}

// --- comparing strings

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

// Both sides as map keys are made: with every padding byte zero, so that equal tuples have equal bytes.
llvm::Value* BodyContext::LowerTupleCompare(const sema::TupleCompare& node) {
  uint32_t bytes = (node.type->size + 7) / 8 * 8;
  llvm::Value* sides[2] = {Temporary(bytes), Temporary(bytes)};
  const sema::Expr* values[2] = {node.left.get(), node.right.get()};
  for (int i = 0; i < 2; ++i) {
    Zero(sides[i], bytes);
    LowerKeyInto(*values[i], *node.type, sides[i]);
  }
  llvm::Value* difference = I64(0);
  for (uint32_t at = 0; at < bytes; at += 8) {
    llvm::Value* left = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(sides[0], at), llvm::Align(8));
    llvm::Value* right = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(sides[1], at), llvm::Align(8));
    difference = ir_.CreateOr(difference, ir_.CreateXor(left, right));
  }
  llvm::Value* equal = ir_.CreateICmpEQ(difference, I64(0));
  return ir_.CreateZExt(node.equal ? equal : ir_.CreateNot(equal), ir_.getInt64Ty());
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
