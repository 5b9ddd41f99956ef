// The frame of a body: blocks, temporaries, scratch, helpers.
#include "codegen/body_context.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Operator.h>

#include <algorithm>
#include <cstring>

#include "sema/diagnostic_ids.h"

namespace sonde::codegen {
namespace {

// What one body may put on the 512-byte BPF stack; the rest is left to the dispatching program and to spills.
constexpr uint32_t kStackBudget = 288;
// The same for a predicate without loops before a body with them.
constexpr uint32_t kStackBudgetBeforeLoops = 96;
constexpr uint32_t kStackTemporary = 64;
// A per-CPU value is at most 32 KiB (PCPU_MIN_UNIT_SIZE).
constexpr uint32_t kScratchLimit = (32U << 10) - 64;
constexpr uint32_t kMaxInlineStores = 64;

uint32_t AlignUp(uint32_t value, uint32_t align) { return (value + align - 1) / align * align; }

}  // namespace

BodyContext::BodyContext(ProgramContext& program, const sema::Body& body, llvm::Function* function)
    : program_(program), body_(body), ir_(program.module.llvm) {
  frame_.function = function;
  frame_.ctx = function->getArg(0);
  frame_.regs = function->getArg(1);
  frame_.probe_id = function->getArg(2);
  frame_.task = function->getArg(3);
  frame_.call = function->getArg(4);
  frame_.calls = function->hasFnAttribute(llvm::Attribute::AlwaysInline) ? 0 : 1;
}

llvm::BasicBlock* BodyContext::NewBlock(const char* name) {
  return llvm::BasicBlock::Create(module().llvm, name, frame_.function);
}

void BodyContext::Run() {
  frame_.entry = NewBlock("entry");
  claim_early_ = NewBlock("claim_early");
  llvm::BasicBlock* predicate = NewBlock("predicate");
  claim_late_ = NewBlock("claim_late");
  llvm::BasicBlock* block = NewBlock("body");
  llvm::BasicBlock* refused = NewBlock("refused");
  exit_ = NewBlock("exit");
  return_ = NewBlock("return");

  ir_.SetInsertPoint(predicate);
  frame_.leave = refused;
  in_predicate_ = true;
  LowerPredicate(refused);
  in_predicate_ = false;
  predicate_claims_ = frame_.scratch != nullptr;
  if (!predicate_claims_) llvm::IRBuilder<>(claim_early_).CreateBr(predicate);
  llvm::IRBuilder<>(refused).CreateBr(predicate_claims_ ? exit_ : return_);

  ir_.SetInsertPoint(block);
  frame_.leave = exit_;
  ReleaseTemporaries(0);
  if (!UsesStack()) free_.clear();  // of the predicate's stack
  AllocateVariables(body_.predicate_variables, body_.variables.size());
  LowerStatements(body_.statements);
  ir_.CreateBr(exit_);
  if (predicate_claims_ || frame_.scratch == nullptr) llvm::IRBuilder<>(claim_late_).CreateBr(block);

  ir_.SetInsertPoint(exit_);
  if (frame_.scratch != nullptr) {
    llvm::Value* busy =
        ir_.CreateGEP(ir_.getInt8Ty(), frame_.scratch, I64(-static_cast<int64_t>(image::kScratchHeaderSize)));
    ir_.CreateStore(I64(0), busy, /*isVolatile=*/true);
    layout().NeedScratch(std::max(scratch_bytes_, 8U));
  }
  ir_.CreateBr(return_);
  ir_.SetInsertPoint(return_);
  ir_.CreateRet(I64(0));
  llvm::IRBuilder<>(frame_.entry).CreateBr(claim_early_);
}

void BodyContext::LowerPredicate(llvm::BasicBlock* refused) {
  AllocateVariables(0, body_.predicate_variables);
  if (body_.predicate != nullptr) {
    llvm::BasicBlock* holds = NewBlock("holds");
    ir_.CreateCondBr(LowerCondition(*body_.predicate), holds, refused);
    ir_.SetInsertPoint(holds);
  }
  if (program_.leaves_out_readers) LeaveOutReaders(refused);
  ir_.CreateBr(claim_late_);
}

void BodyContext::Leave() {
  frame_.leaves = true;
  Jump(frame_.leave);
}

void BodyContext::Jump(llvm::BasicBlock* target) {
  ir_.CreateBr(target);
  ir_.SetInsertPoint(NewBlock("unreachable"));
}

// --- memory

llvm::Value* BodyContext::At(llvm::Value* pointer, uint64_t offset) {
  return offset == 0 ? pointer : ir_.CreateGEP(ir_.getInt8Ty(), pointer, I64(offset));
}

llvm::Value* BodyContext::At(llvm::Value* pointer, llvm::Value* offset) {
  return ir_.CreateGEP(ir_.getInt8Ty(), pointer, offset);
}

BodyContext::Memory BodyContext::Allocate(uint32_t bytes) {
  bytes = AlignUp(std::max(bytes, 8U), 8);
  uint32_t budget = body_.has_loops ? kStackBudgetBeforeLoops : kStackBudget;
  if (UsesStack() && bytes <= kStackTemporary && stack_bytes_ + bytes <= budget) {
    stack_bytes_ += bytes;
    llvm::IRBuilder<> entry(frame_.entry, frame_.entry->begin());
    llvm::AllocaInst* slot = entry.CreateAlloca(llvm::ArrayType::get(entry.getInt64Ty(), bytes / 8));
    slot->setAlignment(llvm::Align(8));
    return {slot, 0, bytes};
  }
  EnsureScratch();
  uint32_t offset = scratch_bytes_;
  scratch_bytes_ += bytes;
  if (scratch_bytes_ > kScratchLimit) {
    module()
        .diagnostics
        .Error(sema::kOutOfRange, body_.span,
               fmt::format("this body needs {} bytes of memory at once; a BPF program has {}", scratch_bytes_,
                           kScratchLimit))
        .Hint("split it into several probes, or lower max_strlen");
    scratch_bytes_ = 0;
  }
  return {nullptr, offset, bytes};
}

llvm::Value* BodyContext::Address(const Memory& memory) {
  return memory.stack != nullptr ? memory.stack : At(frame_.scratch, memory.offset);
}

llvm::Value* BodyContext::Temporary(uint32_t bytes) { return Address(Reserve(bytes)); }

BodyContext::Memory BodyContext::Reserve(uint32_t bytes) {
  bytes = AlignUp(std::max(bytes, 8U), 8);
  auto fits = std::ranges::find(free_, bytes, &Memory::bytes);
  Memory memory;
  if (fits != free_.end()) {
    memory = *fits;
    free_.erase(fits);
  } else {
    memory = Allocate(bytes);
  }
  in_use_.push_back(memory);
  return memory;
}

void BodyContext::ReleaseTemporaries(size_t mark) {
  for (size_t i = mark; i < in_use_.size(); ++i) free_.push_back(in_use_[i]);
  in_use_.resize(mark);
}

// Variables begin with an assignment or a declaration, whatever is in their memory. Only what has gaps is zero from the
// start, since its bytes are compared as a whole when it becomes a key.
void BodyContext::AllocateVariables(size_t first, size_t end) {
  for (size_t i = first; i < end; ++i) {
    const sema::Variable& variable = body_.variables[i];
    if (variable.type->IsScalar() && UsesStack()) {
      llvm::IRBuilder<> entry(frame_.entry, frame_.entry->begin());
      variables_.push_back({entry.CreateAlloca(entry.getInt64Ty(), nullptr, variable.name), 0, 8});
      continue;
    }
    variables_.push_back(Allocate(variable.type->size));
    if (!variable.type->IsScalar() && !variable.type->IsString()) ZeroVariable(static_cast<uint32_t>(i));
  }
}

void BodyContext::ZeroVariable(uint32_t variable) {
  const sema::Type& type = *body_.variables[variable].type;
  llvm::Value* memory = VariableAddress(variable);
  if (type.IsScalar()) {
    ir_.CreateStore(I64(0), memory);
  } else if (type.IsString()) {
    ir_.CreateStore(ir_.getInt8(0), memory);
  } else {
    Zero(memory, type.size);
  }
}

void BodyContext::EnsureScratch() {
  if (frame_.scratch != nullptr) return;
  EmitClaim(in_predicate_ ? claim_early_ : claim_late_);
}

// Tries the CPU's slots in turn: a program that interrupted another one finds the first taken.
void BodyContext::EmitClaim(llvm::BasicBlock* at) {
  llvm::IRBuilder<>::InsertPointGuard guard(ir_);
  llvm::BasicBlock* next = at->getNextNode();  // predicate or body: blocks were made in that order
  llvm::BasicBlock* claimed = NewBlock("claimed");
  llvm::BasicBlock* none = NewBlock("no_scratch");
  ir_.SetInsertPoint(at);
  llvm::IRBuilder<> entry(frame_.entry, frame_.entry->begin());
  llvm::Value* key = entry.CreateAlloca(entry.getInt32Ty());
  llvm::Value* map = MapPointer(layout().scratch());
  std::vector<std::pair<llvm::Value*, llvm::BasicBlock*>> slots;
  for (uint32_t i = 0; i < image::kScratchSlots; ++i) {
    llvm::BasicBlock* found = NewBlock("slot");
    llvm::BasicBlock* taken = i + 1 < image::kScratchSlots ? NewBlock("taken") : none;
    ir_.CreateStore(ir_.getInt32(i), key);
    llvm::Value* slot = PointerHelper(BPF_FUNC_map_lookup_elem, {map, key});
    ir_.CreateCondBr(ir_.CreateIsNull(slot), none, found);
    ir_.SetInsertPoint(found);
    llvm::Value* was_busy = ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, slot, I64(1), llvm::MaybeAlign(8),
                                                llvm::AtomicOrdering::SequentiallyConsistent);
    slots.emplace_back(slot, found);
    ir_.CreateCondBr(ir_.CreateICmpEQ(was_busy, I64(0)), claimed, taken);
    ir_.SetInsertPoint(taken);
  }
  ir_.SetInsertPoint(none);
  CountLoss(body_.span, image::LossReason::kNoScratch, "body");
  WakeReader(image::kAwaitsLosses);
  ir_.CreateBr(return_);
  ir_.SetInsertPoint(claimed);
  llvm::PHINode* slot = ir_.CreatePHI(ir_.getPtrTy(), image::kScratchSlots);
  for (const auto& [pointer, block] : slots) slot->addIncoming(pointer, block);
  frame_.scratch = At(slot, image::kScratchHeaderSize);
  ir_.CreateBr(next);
}

uint32_t BodyContext::AlignmentOf(llvm::Value* pointer) {
  const llvm::DataLayout& data = module().module.getDataLayout();
  llvm::APInt offset(64, 0);
  llvm::Value* base = pointer->stripAndAccumulateConstantOffsets(data, offset, /*AllowNonInbounds=*/true);
  if (llvm::isa<llvm::GEPOperator>(base)) return 1;  // a distance that is only known at run time
  uint64_t low = offset.getZExtValue() & 7;
  return low == 0 ? 8 : static_cast<uint32_t>(low & -low);
}

void BodyContext::StoreBytes(llvm::Value* target, std::string_view bytes) {
  uint32_t align = AlignmentOf(target);
  for (size_t at = 0; at < bytes.size();) {
    uint32_t step = align;
    while (at + step > bytes.size()) step /= 2;
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, step);
    ir_.CreateAlignedStore(ir_.getIntN(step * 8, word), At(target, at), llvm::Align(step));
    at += step;
  }
}

void BodyContext::Zero(llvm::Value* target, uint32_t bytes) {
  if (bytes == 0) return;
  if (bytes > kMaxInlineStores * AlignmentOf(target)) {
    // Copied from a map of zeros by the kernel: a loop of stores would cost the verifier a step for each.
    uint32_t map = layout().zeros(bytes);
    Helper(BPF_FUNC_probe_read_kernel, {target, I64(bytes), DirectValue(map)});
    return;
  }
  StoreBytes(target, std::string(bytes, '\0'));
}

void BodyContext::Copy(llvm::Value* target, llvm::Value* source, uint32_t bytes) {
  bool in_words =
      bytes <= kMaxInlineStores * 8 && bytes % 8 == 0 && AlignmentOf(target) == 8 && AlignmentOf(source) == 8;
  if (!in_words) {
    Helper(BPF_FUNC_probe_read_kernel, {target, I64(bytes), source});
    return;
  }
  for (uint32_t i = 0; i < bytes; i += 8) {
    llvm::Value* word = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(source, i), llvm::Align(8));
    ir_.CreateAlignedStore(word, At(target, i), llvm::Align(8));
  }
}

llvm::Value* BodyContext::Hide(llvm::Value* value) {
  llvm::FunctionType* type = llvm::FunctionType::get(ir_.getInt64Ty(), {ir_.getInt64Ty()}, false);
  llvm::InlineAsm* hide = llvm::InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/true);
  return ir_.CreateCall(type, hide, {value});
}

// The clamp is hidden from the optimiser, which would otherwise prove it unneeded or move it away from where the
// verifier needs to see it.
llvm::Value* BodyContext::AtMost(llvm::Value* value, uint64_t limit) {
  llvm::Value* hidden = Hide(value);
  return Hide(ir_.CreateSelect(ir_.CreateICmpULT(hidden, I64(limit)), hidden, I64(limit)));
}

namespace {

// The length of what a helper read, without its NUL; 0 for an error.
llvm::Value* LengthOf(llvm::IRBuilder<>& ir, llvm::Value* read) {
  llvm::Value* bytes = ir.CreateSelect(ir.CreateICmpSGT(read, ir.getInt64(0)), read, ir.getInt64(1));
  return ir.CreateSub(bytes, ir.getInt64(1));
}

}  // namespace

llvm::Value* BodyContext::ReadString(llvm::Value* target, llvm::Value* capacity, llvm::Value* address,
                                     sema::AddressSpace space) {
  int helper = space == sema::AddressSpace::kUser ? BPF_FUNC_probe_read_user_str : BPF_FUNC_probe_read_kernel_str;
  llvm::Value* read = Helper(helper, {target, capacity, address});
  NoteFailure(read, helper);
  return LengthOf(ir_, read);
}

llvm::Value* BodyContext::ReadStringAnywhere(llvm::Value* target, llvm::Value* capacity, llvm::Value* address) {
  return LengthOf(ir_, Helper(BPF_FUNC_probe_read_str, {target, capacity, address}));
}

void BodyContext::ReadMemory(llvm::Value* target, llvm::Value* bytes, llvm::Value* address, sema::AddressSpace space) {
  int helper = space == sema::AddressSpace::kUser ? BPF_FUNC_probe_read_user : BPF_FUNC_probe_read_kernel;
  NoteFailure(Helper(helper, {target, bytes, address}), helper);
}

void BodyContext::ReadMemory(llvm::Value* target, uint32_t bytes, llvm::Value* address, sema::AddressSpace space) {
  ReadMemory(target, I64(bytes), address, space);
}

// --- helpers

namespace {

llvm::Value* CallByNumber(llvm::IRBuilder<>& ir, llvm::Type* result, int number,
                          std::initializer_list<llvm::Value*> args) {
  std::vector<llvm::Value*> values(args);
  std::vector<llvm::Type*> types;
  types.reserve(values.size());
  for (llvm::Value* value : values) types.push_back(value->getType());
  llvm::FunctionType* type = llvm::FunctionType::get(result, types, false);
  llvm::Value* function = llvm::ConstantExpr::getIntToPtr(ir.getInt64(static_cast<uint64_t>(number)), ir.getPtrTy());
  return ir.CreateCall(type, function, values);
}

}  // namespace

llvm::Value* BodyContext::Helper(int number, std::initializer_list<llvm::Value*> args) {
  return CallByNumber(ir_, ir_.getInt64Ty(), number, args);
}

namespace {

struct HelperName {
  int number = 0;
  const char* name = nullptr;
  bool is_read = false;
};

// Those whose failures are told.
constexpr HelperName kHelperNames[] = {{BPF_FUNC_probe_read_kernel, "probe_read_kernel", true},
                                       {BPF_FUNC_probe_read_user, "probe_read_user", true},
                                       {BPF_FUNC_probe_read_kernel_str, "probe_read_kernel_str", true},
                                       {BPF_FUNC_probe_read_user_str, "probe_read_user_str", true},
                                       {BPF_FUNC_map_update_elem, "map_update_elem"},
                                       {BPF_FUNC_map_delete_elem, "map_delete_elem"},
                                       {BPF_FUNC_send_signal, "send_signal"},
                                       {BPF_FUNC_send_signal_thread, "send_signal_thread"},
                                       {BPF_FUNC_probe_write_user, "probe_write_user"},
                                       {BPF_FUNC_override_return, "override_return"}};

}  // namespace

void BodyContext::NoteFailure(llvm::Value* answer, int helper) {
  HelperErrors wanted = module().helper_errors;
  if (wanted == HelperErrors::kNone) return;
  const auto* known = std::ranges::find(kHelperNames, helper, &HelperName::number);
  if (known == std::end(kHelperNames) || (known->is_read && wanted != HelperErrors::kAll)) return;
  uint32_t site = layout().HelperSite(span_, known->name);
  llvm::BasicBlock* failed = NewBlock("helper_failed");
  llvm::BasicBlock* done = NewBlock("helper_done");
  llvm::Value* code = ir_.CreateTrunc(answer, ir_.getInt32Ty());
  ir_.CreateCondBr(ir_.CreateICmpSLT(code, ir_.getInt32(0)), failed, done);
  ir_.SetInsertPoint(failed);
  uint32_t counter = image::kLossCountersOffset + 8 * site;
  llvm::Value* number = ir_.CreateZExt(ir_.CreateNeg(code), ir_.getInt64Ty());
  ir_.CreateAlignedStore(number, ControlField(counter + 8), llvm::Align(8), /*isVolatile=*/true);
  ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, ControlField(counter), I64(1), llvm::MaybeAlign(8),
                      llvm::AtomicOrdering::Monotonic);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

llvm::Value* BodyContext::PointerHelper(int number, std::initializer_list<llvm::Value*> args) {
  return CallByNumber(ir_, ir_.getPtrTy(), number, args);
}

namespace {

llvm::GlobalVariable* External(llvm::Module& module, const std::string& name) {
  if (llvm::GlobalVariable* known = module.getGlobalVariable(name)) return known;
  return new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(module.getContext()), false,
                                  llvm::GlobalValue::ExternalLinkage, nullptr, name);
}

}  // namespace

llvm::Value* BodyContext::MapPointer(uint32_t map) { return External(module().module, fmt::format("map_{}", map)); }

llvm::Value* BodyContext::DirectValue(uint32_t map) { return External(module().module, fmt::format("value_{}", map)); }

llvm::Value* BodyContext::ControlField(uint32_t offset) { return At(DirectValue(layout().control()), offset); }

void BodyContext::CountLoss(Span span, image::LossReason reason, const std::string& object) {
  uint32_t site = layout().LossSite(span, reason, object);
  ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, ControlField(image::kLossCountersOffset + 8 * site), I64(1),
                      llvm::MaybeAlign(8), llvm::AtomicOrdering::Monotonic);
}

}  // namespace sonde::codegen
