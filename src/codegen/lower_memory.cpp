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
    if (field.type->IsTuple() && HasGaps(*field.type)) return true;
    used += field.type->size;
  }
  return used != type.size;
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

// A tuple goes element by element, since the same tuple with wider elements lies differently; of strings only what is
// text is taken.
void BodyContext::CopyValue(llvm::Value* target, const Type& to, llvm::Value* source, const Type& from) {
  if (to.IsTuple()) {
    for (size_t i = 0; i < to.fields.size(); ++i) {
      CopyValue(At(target, to.fields[i].offset), *to.fields[i].type, At(source, from.fields[i].offset),
                *from.fields[i].type);
    }
  } else if (to.IsBuffer()) {
    CopyBuffer(target, to, source, from);
  } else if (to.IsString()) {
    ReadString(target, I64(std::min(to.size, from.size)), source, sema::AddressSpace::kKernel);
  } else if (to.IsScalar() && from.IsScalar()) {
    StoreScalar(ConvertScalar(LoadScalar(from, source), from, to), to, target);
  } else if (from.IsString()) {
    // As bytes: with a NUL only where there is room for it.
    llvm::Value* text = Temporary(to.size + 1);
    Zero(text, to.size + 1);
    ReadString(text, I64(std::min(to.size + 1, from.size)), source, sema::AddressSpace::kKernel);
    Copy(target, text, to.size);
  } else {
    Copy(target, source, to.size);  // the bytes of an array, or of an integer as an array
  }
}

void BodyContext::StoreLength(llvm::Value* length, llvm::Value* target) {
  llvm::Align align(std::min(AlignmentOf(target), image::kBufferLengthBytes));
  ir_.CreateAlignedStore(ir_.CreateTrunc(length, ir_.getInt32Ty()), target, align);
}

// Its bytes and no others: what lies behind them means nothing. Returns their number.
llvm::Value* BodyContext::CopyBuffer(llvm::Value* target, const Type& to, llvm::Value* source, const Type& from) {
  llvm::Align align(std::min(AlignmentOf(source), image::kBufferLengthBytes));
  llvm::Value* stored = ir_.CreateAlignedLoad(ir_.getInt32Ty(), source, align);
  uint32_t limit = std::min(to.size, from.size) - image::kBufferLengthBytes;
  llvm::Value* length = AtMost(ir_.CreateZExt(stored, ir_.getInt64Ty()), limit);
  StoreLength(length, target);
  ReadMemory(At(target, uint64_t{image::kBufferLengthBytes}), length, At(source, uint64_t{image::kBufferLengthBytes}),
             sema::AddressSpace::kKernel);
  return length;
}

// What a cast makes in memory.
void BodyContext::ConvertInto(const sema::Expr& operand, const Type& type, llvm::Value* target) {
  if (const sema::StringConstant* text = operand.AsString(); text != nullptr && !type.IsString()) {
    std::string bytes = text->value;
    bytes.resize(type.size);
    StoreBytes(target, bytes);
  } else if (operand.type->IsScalar()) {
    uint32_t align = std::min(AlignmentOf(target), type.size);
    ir_.CreateAlignedStore(ir_.CreateTrunc(Lower(operand), ir_.getIntNTy(type.size * 8)), target, llvm::Align(align));
  } else {
    CopyValue(target, type, LowerAddress(operand), *operand.type);
  }
}

// Padding holds whatever lay there: a key's must be zero.
void BodyContext::ZeroPadding(llvm::Value* target, const Type& type) {
  std::vector<bool> is_used(type.size);
  auto mark = [&](auto& self, const Type& part, uint32_t offset) -> void {
    bool is_whole = !part.IsStruct() && !part.IsArray();
    for (uint32_t i = 0; is_whole && i < part.size; ++i) is_used[offset + i] = true;
    for (uint32_t i = 0; part.IsArray() && i < part.count; ++i)
      self(self, *part.element, offset + i * part.element->size);
    for (const sema::Field& field : part.fields) {
      uint32_t bits = (field.bit_offset + field.bit_width + 7) / 8;
      for (uint32_t i = 0; field.bit_width > 0 && i < bits; ++i) is_used[offset + field.offset + i] = true;
      if (field.bit_width == 0) self(self, *field.type, offset + field.offset);
    }
  };
  mark(mark, type, 0);
  for (uint32_t start = 0; start < type.size; ++start) {
    uint32_t end = start;
    while (end < type.size && !is_used[end]) ++end;
    if (end > start) StoreBytes(At(target, start), std::string(end - start, '\0'));
    start = end;
  }
}

llvm::Value* BodyContext::LowerInto(const sema::Expr& expr, const Type& type, llvm::Value* target) {
  const Within within(span_, expr.span);
  const Type& from = *expr.type;
  auto from_address = [&]() -> llvm::Value* {
    llvm::Value* address = LowerAddress(expr);
    if (type.IsBuffer()) return CopyBuffer(target, type, address, from);
    if (type.IsString()) {
      return ReadString(target, I64(std::min(type.size, from.size)), address, sema::AddressSpace::kKernel);
    }
    if (&type != &from && type.IsTuple()) {
      CopyValue(target, type, address, from);
    } else {
      Copy(target, address, type.size);
    }
    return nullptr;
  };
  return std::visit(
      Overloaded{
          [&](const sema::StringConstant& node) -> llvm::Value* { return StoreString(node.value, type.size, target); },
          [&](const sema::Call& node) -> llvm::Value* {
            // A builtin writes all that its own type holds.
            bool fits = !type.IsString() || from.size <= type.size;
            return fits ? node.builtin->lower_into(*this, expr, node, target) : from_address();
          },
          [&](const sema::ArgsField& node) -> llvm::Value* {
            const sema::ArgsFieldInfo& field = body_.args->fields[node.field];
            if (field.location) {
              StoreLocated(*field.location, type, target, field.is_return);
              return nullptr;
            }
            if (type.IsString()) return LowerArgsString(field, from.size < type.size ? from : type, target);
            ReadMemory(target, type.size, RecordFieldAddress(field), sema::AddressSpace::kKernel);
            return nullptr;
          },
          [&](const sema::Load& node) -> llvm::Value* {
            sema::AddressSpace space = node.pointer->type->space;
            llvm::Value* address = LoadAddress(node);
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
            llvm::Value* then_length = LowerTextInto(*node.then_value, type, target);
            then_block = ir_.GetInsertBlock();
            ir_.CreateBr(done);
            ir_.SetInsertPoint(else_block);
            llvm::Value* else_length = LowerTextInto(*node.else_value, type, target);
            else_block = ir_.GetInsertBlock();
            ir_.CreateBr(done);
            ir_.SetInsertPoint(done);
            if (!type.IsString() && !type.IsBuffer()) return nullptr;
            llvm::PHINode* length = ir_.CreatePHI(ir_.getInt64Ty(), 2);
            length->addIncoming(then_length, then_block);
            length->addIncoming(else_length, else_block);
            return length;
          },
          [&](const sema::BlockValue& node) -> llvm::Value* {
            LowerStatements(node.statements);
            return LowerInto(*node.value, type, target);
          },
          [&](const sema::Convert& node) -> llvm::Value* {
            if (type.IsString()) return LowerInto(*node.operand, type.size < from.size ? type : from, target);
            if (&type != &from) return from_address();
            ConvertInto(*node.operand, type, target);
            return nullptr;
          },
          [&](const auto&) -> llvm::Value* { return from_address(); },
      },
      expr.node);
}

// The length of a text in any case: some builtins leave it to those who need it.
llvm::Value* BodyContext::LowerTextInto(const sema::Expr& expr, const Type& type, llvm::Value* target) {
  llvm::Value* length = LowerInto(expr, type, target);
  if (length != nullptr || !type.IsString()) return length;
  return ReadString(target, I64(std::min(type.size, expr.type->size)), target, sema::AddressSpace::kKernel);
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
  if (type.IsTuple()) {
    // Not as it lies: behind the texts in it may stand what was there before.
    CopyValue(target, type, LowerAddress(expr), *expr.type);
  } else {
    LowerInto(expr, type, target);
  }
  if (type.IsStruct() || type.IsArray()) ZeroPadding(target, type);
}

llvm::Value* BodyContext::LowerAddress(const sema::Expr& expr) {
  const Type& type = *expr.type;
  if (const auto* variable = std::get_if<sema::VariableRef>(&expr.node)) return VariableAddress(variable->variable);
  if (const auto* member = std::get_if<sema::Member>(&expr.node)) {
    return MemberAddress(*member, type, LowerAddress(*member->base));
  }
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

}  // namespace sonde::codegen
