// Scalar expressions.
#include <linux/bpf.h>

#include "codegen/body_context.h"
#include "kernel/pt_regs.h"
#include "sema/builtin.h"
#include "sema/probe_type.h"

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

using sema::BinaryOp;
using sema::Type;
using sema::TypeKind;

// Offsets in struct pt_regs (arch/x86/include/uapi/asm/ptrace.h), system call arguments in order.
constexpr uint32_t kSyscallRegisters[] = {112, 104, 96, 56, 72, 64};
constexpr uint32_t kOrigAx = 120;

llvm::CmpInst::Predicate ComparePredicate(BinaryOp op, bool is_signed) {
  using Predicate = llvm::CmpInst::Predicate;
  if (op == BinaryOp::kEq) return Predicate::ICMP_EQ;
  if (op == BinaryOp::kNe) return Predicate::ICMP_NE;
  if (op == BinaryOp::kLt) return is_signed ? Predicate::ICMP_SLT : Predicate::ICMP_ULT;
  if (op == BinaryOp::kLe) return is_signed ? Predicate::ICMP_SLE : Predicate::ICMP_ULE;
  if (op == BinaryOp::kGt) return is_signed ? Predicate::ICMP_SGT : Predicate::ICMP_UGT;
  return is_signed ? Predicate::ICMP_SGE : Predicate::ICMP_UGE;
}

bool IsSigned(const Type& type) { return type.is_signed; }

}  // namespace

llvm::Value* BodyContext::Extended(llvm::Value* narrow, const Type& type) {
  if (type.size >= 8) return narrow;
  return IsSigned(type) ? ir_.CreateSExt(narrow, ir_.getInt64Ty()) : ir_.CreateZExt(narrow, ir_.getInt64Ty());
}

llvm::Value* BodyContext::Canonical(llvm::Value* value, const Type& type) {
  if (type.size >= 8) return value;
  return Extended(ir_.CreateTrunc(value, ir_.getIntNTy(type.size * 8)), type);
}

llvm::Value* BodyContext::LoadScalar(const Type& type, llvm::Value* pointer) {
  return Extended(ir_.CreateAlignedLoad(ir_.getIntNTy(type.size * 8), pointer, llvm::Align(type.size)), type);
}

void BodyContext::StoreScalar(llvm::Value* value, const Type& type, llvm::Value* pointer) {
  llvm::Value* narrow = type.size >= 8 ? value : ir_.CreateTrunc(value, ir_.getIntNTy(type.size * 8));
  ir_.CreateAlignedStore(narrow, pointer, llvm::Align(type.size));
}

llvm::Value* BodyContext::LowerCondition(const sema::Expr& expr) { return ir_.CreateICmpNE(Lower(expr), I64(0)); }

llvm::Value* BodyContext::Lower(const sema::Expr& expr) {
  const Within within(span_, expr.span);
  return std::visit(
      Overloaded{
          [&](const sema::Constant& node) -> llvm::Value* { return I64(node.bits); },
          [&](const sema::StringConstant&) -> llvm::Value* { return LowerAddress(expr); },
          [&](const sema::VariableRef& node) -> llvm::Value* {
            return ir_.CreateLoad(ir_.getInt64Ty(), VariableAddress(node.variable));
          },
          [&](const sema::MapRead& node) { return LowerMapRead(node, *expr.type); },
          [&](const sema::Unary& node) -> llvm::Value* {
            if (node.op == sema::UnaryOp::kNot) {
              return ir_.CreateZExt(ir_.CreateNot(LowerCondition(*node.operand)), ir_.getInt64Ty());
            }
            llvm::Value* operand = Lower(*node.operand);
            return node.op == sema::UnaryOp::kNegate ? ir_.CreateNeg(operand) : ir_.CreateNot(operand);
          },
          [&](const sema::Binary& node) { return LowerBinary(node, *node.left->type); },
          [&](const sema::StringCompare& node) { return LowerStringCompare(node); },
          [&](const sema::MemoryCompare& node) { return LowerMemoryCompare(node); },
          [&](const sema::Logical& node) { return LowerLogical(node); },
          [&](const sema::Convert& node) { return LowerConvert(node, *expr.type); },
          [&](const sema::Ternary& node) { return LowerTernary(node, *expr.type); },
          [&](const sema::IncDec& node) { return LowerIncDec(node, expr); },
          [&](const sema::Call& node) -> llvm::Value* { return node.builtin->lower(*this, expr, node); },
          [&](const sema::ArgsField& node) { return LowerArgsField(body_.args->fields[node.field], *expr.type); },
          [&](const sema::Load& node) { return LowerLoad(node, *expr.type); },
          [&](const sema::AddressOf& node) { return LowerAddressOf(node); },
          [&](const sema::Member& node) { return LowerMember(node, *expr.type); },
          [&](const sema::Tuple&) -> llvm::Value* { return LowerAddress(expr); },
          [&](const sema::BlockValue& node) -> llvm::Value* {
            LowerStatements(node.statements);
            return node.value == nullptr ? nullptr : Lower(*node.value);
          },
      },
      expr.node);
}

llvm::Value* BodyContext::LowerBinary(const sema::Binary& node, const Type& operand) {
  bool is_signed = operand.is_signed;
  llvm::Value* left = Lower(*node.left);
  llvm::Value* right = Lower(*node.right);
  switch (node.op) {
    case BinaryOp::kMul:
      return ir_.CreateMul(left, right);
    case BinaryOp::kAdd:
      return ir_.CreateAdd(left, right);
    case BinaryOp::kSub:
      return ir_.CreateSub(left, right);
    case BinaryOp::kShl:
      return ir_.CreateShl(left, ir_.CreateAnd(right, I64(63)));
    case BinaryOp::kShr:
      right = ir_.CreateAnd(right, I64(63));
      return is_signed ? ir_.CreateAShr(left, right) : ir_.CreateLShr(left, right);
    case BinaryOp::kBitAnd:
      return ir_.CreateAnd(left, right);
    case BinaryOp::kBitXor:
      return ir_.CreateXor(left, right);
    case BinaryOp::kBitOr:
      return ir_.CreateOr(left, right);
    case BinaryOp::kLt:
    case BinaryOp::kLe:
    case BinaryOp::kGt:
    case BinaryOp::kGe:
    case BinaryOp::kEq:
    case BinaryOp::kNe:
      return ir_.CreateZExt(ir_.CreateICmp(ComparePredicate(node.op, is_signed), left, right), ir_.getInt64Ty());
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
      return LowerDivision(node.op, left, right, is_signed);
    case BinaryOp::kLogicalAnd:
    case BinaryOp::kLogicalOr:
      break;
  }
  SONDE_CHECK(false);
}

// BPF divides unsigned numbers only, and by zero gives 0; the remainder of a division by zero is the dividend.
llvm::Value* BodyContext::LowerDivision(BinaryOp op, llvm::Value* left, llvm::Value* right, bool is_signed) {
  llvm::Value* left_sign = is_signed ? ir_.CreateAShr(left, I64(63)) : I64(0);
  llvm::Value* right_sign = is_signed ? ir_.CreateAShr(right, I64(63)) : I64(0);
  // |x| = (x ^ sign) - sign
  llvm::Value* dividend = ir_.CreateSub(ir_.CreateXor(left, left_sign), left_sign);
  llvm::Value* divisor = ir_.CreateSub(ir_.CreateXor(right, right_sign), right_sign);
  llvm::Value* is_zero = ir_.CreateICmpEQ(divisor, I64(0));
  llvm::Value* safe = ir_.CreateSelect(is_zero, I64(1), divisor);
  if (op == BinaryOp::kDiv) {
    llvm::Value* sign = ir_.CreateXor(left_sign, right_sign);
    llvm::Value* quotient = ir_.CreateUDiv(dividend, safe);
    quotient = ir_.CreateSub(ir_.CreateXor(quotient, sign), sign);
    return ir_.CreateSelect(is_zero, I64(0), quotient);
  }
  llvm::Value* remainder = ir_.CreateURem(dividend, safe);
  remainder = ir_.CreateSub(ir_.CreateXor(remainder, left_sign), left_sign);
  return ir_.CreateSelect(is_zero, left, remainder);
}

llvm::Value* BodyContext::LowerConvert(const sema::Convert& node, const Type& type) {
  const Type& from = *node.operand->type;
  if (from.IsScalar()) return ConvertScalar(Lower(*node.operand), from, type);
  // An array's bytes as an integer; they need not be aligned as one.
  llvm::Value* address = LowerAddress(*node.operand);
  llvm::Align align(std::min(AlignmentOf(address), type.size));
  return Extended(ir_.CreateAlignedLoad(ir_.getIntNTy(type.size * 8), address, align), type);
}

llvm::Value* BodyContext::ConvertScalar(llvm::Value* value, const Type& from, const Type& type) {
  if (type.kind == TypeKind::kBool) return ir_.CreateZExt(ir_.CreateICmpNE(value, I64(0)), ir_.getInt64Ty());
  bool widens = from.size < type.size || (from.size == type.size && from.is_signed == type.is_signed);
  bool keeps = widens && (type.size == 8 || !from.is_signed || type.is_signed);
  return keeps ? value : Canonical(value, type);
}

llvm::Value* BodyContext::LowerTernary(const sema::Ternary& node, const Type& type) {
  llvm::BasicBlock* then_block = NewBlock("then");
  llvm::BasicBlock* else_block = NewBlock("else");
  llvm::BasicBlock* done = NewBlock("done");
  llvm::Value* condition = Lower(*node.condition);
  ir_.CreateCondBr(ir_.CreateICmpNE(condition, I64(0)), then_block, else_block);
  ir_.SetInsertPoint(then_block);
  llvm::Value* then_value = node.then_value == nullptr ? condition : Lower(*node.then_value);
  then_block = ir_.GetInsertBlock();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(else_block);
  llvm::Value* else_value = Lower(*node.else_value);
  else_block = ir_.GetInsertBlock();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  if (type.kind == TypeKind::kVoid) return nullptr;
  llvm::PHINode* value = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  value->addIncoming(then_value, then_block);
  value->addIncoming(else_value, else_block);
  return value;
}

llvm::Value* BodyContext::LowerLogical(const sema::Logical& node) {
  llvm::BasicBlock* second = NewBlock("second");
  llvm::BasicBlock* done = NewBlock("done");
  llvm::Value* left = LowerCondition(*node.left);
  llvm::BasicBlock* first = ir_.GetInsertBlock();
  ir_.CreateCondBr(left, node.is_and ? second : done, node.is_and ? done : second);
  ir_.SetInsertPoint(second);
  llvm::Value* right = LowerCondition(*node.right);
  second = ir_.GetInsertBlock();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  llvm::PHINode* value = ir_.CreatePHI(ir_.getInt1Ty(), 2);
  value->addIncoming(ir_.getInt1(!node.is_and), first);
  value->addIncoming(right, second);
  return ir_.CreateZExt(value, ir_.getInt64Ty());
}

llvm::Value* BodyContext::LowerIncDec(const sema::IncDec& node, const sema::Expr& expr) {
  const Type& type = *expr.type;
  uint64_t step = 1;
  if (type.IsPointer() && type.element != nullptr) step = std::max(type.element->size, 1U);
  llvm::Value* delta = I64(node.increment ? step : 0 - step);
  if (const auto* variable = std::get_if<sema::VariableRef>(&node.target)) {
    llvm::Value* slot = VariableAddress(variable->variable);
    llvm::Value* before = ir_.CreateLoad(ir_.getInt64Ty(), slot);
    llvm::Value* after = Canonical(ir_.CreateAdd(before, delta), type);
    ir_.CreateStore(after, slot);
    return node.prefix ? after : before;
  }
  const auto& ref = std::get<sema::MapRef>(node.target);
  llvm::BasicBlock* missing = NewBlock("missing");
  llvm::BasicBlock* done = NewBlock("done");
  llvm::Value* value = LookupOrInsert(ref, expr.span, missing);
  llvm::Value* before =
      ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, value, delta, llvm::MaybeAlign(8), llvm::AtomicOrdering::Monotonic);
  MarkPresent(ref.map, value);
  llvm::Value* result = node.prefix ? ir_.CreateAdd(before, delta) : before;
  llvm::BasicBlock* found = ir_.GetInsertBlock();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(missing);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  llvm::PHINode* merged = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  merged->addIncoming(result, found);
  merged->addIncoming(I64(0), missing);
  return merged;
}

// --- registers

llvm::Value* BodyContext::Register(uint32_t offset) {
  return program_.access == ArgsAccess::kCall ? NotedRegister(offset) : CurrentRegister(offset);
}

llvm::Value* BodyContext::CurrentRegister(uint32_t offset) {
  SONDE_CHECK(program_.access == ArgsAccess::kRegisters || program_.access == ArgsAccess::kCall);
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(ctx(), uint64_t{offset}), llvm::Align(8));
}

llvm::Value* BodyContext::FunctionArgument(uint32_t number, bool only_stack) {
  const bool by_words = program_.access == ArgsAccess::kWords || program_.access == ArgsAccess::kTrampoline;
  if (by_words) return WordArgument(number);
  auto in_registers = static_cast<uint32_t>(only_stack ? 0 : kernel::kArgumentRegisters.size());
  if (number < in_registers) return Register(kernel::kArgumentRegisters[number]);
  // Behind the return address.
  llvm::Value* address = ir_.CreateAdd(Register(kernel::kRegisterSp), I64(8 + 8 * uint64_t{number - in_registers}));
  llvm::Value* place = Temporary(8);
  ReadMemory(place, 8, address, body_.probe_type->address_space);
  return ir_.CreateAlignedLoad(ir_.getInt64Ty(), place, llvm::Align(8));
}

// --- args

llvm::Value* BodyContext::RecordFieldAddress(const sema::ArgsFieldInfo& field) {
  using Place = sema::ArgsFieldInfo::Place;
  llvm::Value* at = At(ctx(), field.record_offset);
  if (field.place == Place::kInline) return ir_.CreatePtrToInt(at, ir_.getInt64Ty());
  llvm::Value* packed = ir_.CreateZExt(ir_.CreateAlignedLoad(ir_.getInt32Ty(), at, llvm::Align(4)), ir_.getInt64Ty());
  llvm::Value* offset = ir_.CreateAnd(packed, I64(0xffff));
  uint64_t base = field.place == Place::kRelLoc ? field.record_offset + 4 : 0;
  llvm::Value* start = ir_.CreatePtrToInt(ctx(), ir_.getInt64Ty());
  return ir_.CreateAdd(ir_.CreateAdd(start, I64(base)), offset);
}

llvm::Value* BodyContext::LowerArgsField(const sema::ArgsFieldInfo& field, const Type& type) {
  ArgsAccess access = program_.access;
  if (field.location) return Canonical(LocatedNumber(*field.location, field.is_return), type);
  if (field.is_return) return Canonical(WordReturned(), type);
  if (field.word >= 0) return Canonical(WordArgument(static_cast<uint32_t>(field.word)), type);
  if (field.is_thread_id) return Canonical(Helper(BPF_FUNC_get_current_pid_tgid, {}), type);
  if (access == ArgsAccess::kRecord) {
    if (!type.IsScalar()) return RecordFieldAddress(field);
    return LoadScalar(type, At(ctx(), field.record_offset));
  }
  llvm::Type* i64 = ir_.getInt64Ty();
  if (field.is_syscall_number) {
    llvm::Value* number = access == ArgsAccess::kSyscallEnter
                              ? ir_.CreateAlignedLoad(i64, At(ctx(), 8), llvm::Align(8))
                              : ir_.CreateAlignedLoad(i64, At(regs(), kOrigAx), llvm::Align(8));
    return Canonical(number, type);
  }
  if (field.is_syscall_return) return ir_.CreateAlignedLoad(i64, At(ctx(), 8), llvm::Align(8));
  if (access == ArgsAccess::kSyscallPair) return Canonical(LowerPairedArgument(field), type);
  SONDE_CHECK(field.syscall_argument >= 0 && access == ArgsAccess::kSyscallEnter);
  uint32_t offset = kSyscallRegisters[field.syscall_argument];
  return Canonical(ir_.CreateAlignedLoad(i64, At(regs(), offset), llvm::Align(8)), type);
}

llvm::Value* BodyContext::LowerArgsString(const sema::ArgsFieldInfo& field, const Type& type, llvm::Value* target) {
  return ReadString(target, I64(type.size), RecordFieldAddress(field), sema::AddressSpace::kKernel);
}

}  // namespace sonde::codegen
