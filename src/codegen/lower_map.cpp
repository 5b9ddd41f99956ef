// Maps: keys, lookups, assignments, atomic updates.
#include <linux/bpf.h>

#include <cerrno>

#include "codegen/body_context.h"
#include "sema/builtin.h"

namespace sonde::codegen {

using image::Aggregation;
using sema::MapInfo;
using sema::Type;

llvm::Value* BodyContext::LowerKey(const sema::MapRef& ref) {
  const MapInfo& info = module().program.maps[ref.map];
  if (info.key == nullptr) {
    llvm::Value* key = Temporary(8);
    ir_.CreateAlignedStore(ir_.getInt32(0), key, llvm::Align(8));
    return key;
  }
  llvm::Value* key = Temporary(info.key->size);
  if (info.key->size == 0) Zero(key, 8);  // an empty tuple
  LowerKeyInto(*ref.key, *info.key, key);
  return key;
}

llvm::Value* BodyContext::Lookup(const sema::MapRef& ref, llvm::Value* key) {
  return PointerHelper(BPF_FUNC_map_lookup_elem, {MapPointer(ref.map), key});
}

// Kernels before 6.4 answer with an int in a register whose upper half is zero, so only the lower half is looked at.
llvm::Value* BodyContext::UpdateElement(uint32_t map, llvm::Value* key, llvm::Value* value, uint64_t flags) {
  llvm::Value* code = Helper(BPF_FUNC_map_update_elem, {MapPointer(map), key, value, I64(flags)});
  // That another CPU was faster is no failure.
  if (flags != BPF_NOEXIST) NoteFailure(code, BPF_FUNC_map_update_elem);
  return ir_.CreateTrunc(code, ir_.getInt32Ty());
}

void BodyContext::MarkPresent(uint32_t map, llvm::Value* value) {
  uint32_t offset = layout().image().maps[map].present_offset;
  if (offset != image::kNone) ir_.CreateAlignedStore(I64(1), At(value, offset), llvm::Align(8));
}

// Counts by what the update answered, and goes on. A key that was there or was put there, and is gone again, was
// deleted by another CPU: nothing is lost then.
void BodyContext::CountFailedUpdate(Span span, uint32_t map, llvm::Value* code, llvm::BasicBlock* next) {
  const image::MapSpec& spec = layout().image().maps[map];
  llvm::BasicBlock* busy = NewBlock("busy");
  llvm::BasicBlock* tell = NewBlock("tell");
  llvm::SwitchInst* reasons = ir_.CreateSwitch(code, busy, 4);
  auto add = [&](int error, image::LossReason reason) {
    llvm::BasicBlock* block = NewBlock("lost");
    reasons->addCase(ir_.getInt32(-error), block);
    ir_.SetInsertPoint(block);
    CountLoss(span, reason, spec.name);
    ir_.CreateBr(tell);
  };
  reasons->addCase(ir_.getInt32(0), next);
  reasons->addCase(ir_.getInt32(-EEXIST), next);
  add(E2BIG, image::LossReason::kMapFull);
  if ((spec.flags & BPF_F_NO_PREALLOC) != 0) add(ENOMEM, image::LossReason::kNoMemory);
  ir_.SetInsertPoint(busy);
  CountLoss(span, image::LossReason::kMapBusy, spec.name);
  ir_.CreateBr(tell);
  ir_.SetInsertPoint(tell);
  WakeReader(image::kAwaitsLosses);
  ir_.CreateBr(next);
}

llvm::Value* BodyContext::LookupOrInsert(const sema::MapRef& ref, Span span, llvm::BasicBlock* missing) {
  const MapInfo& info = module().program.maps[ref.map];
  bool aggregated = info.aggregation != Aggregation::kNone;
  if (info.key == nullptr && !aggregated) return DirectValue(ref.map);
  llvm::Value* key = LowerKey(ref);
  llvm::Value* found = Lookup(ref, key);
  llvm::BasicBlock* have = NewBlock("have");
  llvm::BasicBlock* first = ir_.GetInsertBlock();
  if (info.key == nullptr) {
    ir_.CreateCondBr(ir_.CreateIsNull(found), missing, have);
    ir_.SetInsertPoint(have);
    return found;
  }
  llvm::BasicBlock* insert = NewBlock("insert");
  llvm::BasicBlock* full = NewBlock("full");
  ir_.CreateCondBr(ir_.CreateIsNull(found), insert, have);
  ir_.SetInsertPoint(insert);
  llvm::Value* zeros = DirectValue(layout().zeros(layout().image().maps[ref.map].value_size));
  // Another CPU may have inserted it meanwhile: then this update fails and the lookup finds that one.
  llvm::Value* code = UpdateElement(ref.map, key, zeros, BPF_NOEXIST);
  llvm::Value* inserted = Lookup(ref, key);
  insert = ir_.GetInsertBlock();
  ir_.CreateCondBr(ir_.CreateIsNull(inserted), full, have);
  ir_.SetInsertPoint(full);
  CountFailedUpdate(span, ref.map, code, missing);
  ir_.SetInsertPoint(have);
  llvm::PHINode* value = ir_.CreatePHI(ir_.getPtrTy(), 2);
  value->addIncoming(found, first);
  value->addIncoming(inserted, insert);
  return value;
}

llvm::Value* BodyContext::LowerMapRead(const sema::MapRead& node, const Type& type) {
  const MapInfo& info = module().program.maps[node.ref.map];
  if (info.aggregation != Aggregation::kNone) return AggregateNumber(node.ref.map, LowerKey(node.ref));
  if (info.key == nullptr) return LoadScalar(type, DirectValue(node.ref.map));
  llvm::Value* found = Lookup(node.ref, LowerKey(node.ref));
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* some = NewBlock("some");
  llvm::BasicBlock* done = NewBlock("done");
  ir_.CreateCondBr(ir_.CreateIsNull(found), done, some);
  ir_.SetInsertPoint(some);
  llvm::Value* loaded = LoadScalar(type, found);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  llvm::PHINode* value = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  value->addIncoming(I64(0), before);
  value->addIncoming(loaded, some);
  return value;
}

namespace {

// One CPU's value {first, second} joined to those before: {total, count} of an average, {value, is_set} of an extreme,
// a sum or a count alone.
struct Joined {
  llvm::Value* first = nullptr;
  llvm::Value* second = nullptr;
};

Joined Join(llvm::IRBuilder<>& ir, const MapInfo& info, const Joined& before, const Joined& next) {
  bool is_extreme = info.aggregation == Aggregation::kMin || info.aggregation == Aggregation::kMax;
  if (!is_extreme) return {ir.CreateAdd(before.first, next.first), ir.CreateAdd(before.second, next.second)};
  bool is_min = info.aggregation == Aggregation::kMin;
  llvm::Value* low = is_min ? next.first : before.first;
  llvm::Value* high = is_min ? before.first : next.first;
  llvm::Value* goes_before = info.value->is_signed ? ir.CreateICmpSLT(low, high) : ir.CreateICmpULT(low, high);
  llvm::Value* unset = ir.CreateICmpEQ(before.second, ir.getInt64(0));
  llvm::Value* is_set = ir.CreateICmpNE(next.second, ir.getInt64(0));
  llvm::Value* replaces = ir.CreateAnd(is_set, ir.CreateOr(unset, goes_before));
  return {ir.CreateSelect(replaces, next.first, before.first), ir.CreateOr(before.second, next.second)};
}

}  // namespace

// A loop over the CPUs that the verifier can bound.
llvm::Value* BodyContext::AggregateNumber(uint32_t map, llvm::Value* key) {
  const MapInfo& info = module().program.maps[map];
  llvm::Type* i64 = ir_.getInt64Ty();
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* loop = NewBlock("cpu");
  llvm::BasicBlock* some = NewBlock("cpu_value");
  llvm::BasicBlock* done = NewBlock("joined");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  llvm::PHINode* cpu = ir_.CreatePHI(i64, 2);
  llvm::PHINode* first = ir_.CreatePHI(i64, 2);
  llvm::PHINode* second = ir_.CreatePHI(i64, 2);
  for (llvm::PHINode* phi : {cpu, first, second}) phi->addIncoming(I64(0), before);
  llvm::Value* value = PointerHelper(BPF_FUNC_map_lookup_percpu_elem, {MapPointer(map), key, cpu});
  ir_.CreateCondBr(ir_.CreateIsNull(value), done, some);
  ir_.SetInsertPoint(some);
  bool is_pair = AggregationSize(info) > 8;
  Joined here{.first = ir_.CreateAlignedLoad(i64, value, llvm::Align(8)), .second = I64(0)};
  if (is_pair) here.second = ir_.CreateAlignedLoad(i64, At(value, 8), llvm::Align(8));
  Joined joined = Join(ir_, info, {first, second}, here);
  llvm::Value* next = ir_.CreateAdd(cpu, I64(1));
  cpu->addIncoming(next, some);
  first->addIncoming(joined.first, some);
  second->addIncoming(joined.second, some);
  ir_.CreateCondBr(ir_.CreateICmpULT(next, I64(module().facts.possible_cpus)), loop, done);
  ir_.SetInsertPoint(done);
  Joined all{.first = ir_.CreatePHI(i64, 2), .second = ir_.CreatePHI(i64, 2)};
  for (auto [phi, at_loop, at_some] : {std::tuple{all.first, static_cast<llvm::Value*>(first), joined.first},
                                       std::tuple{all.second, static_cast<llvm::Value*>(second), joined.second}}) {
    llvm::cast<llvm::PHINode>(phi)->addIncoming(at_loop, loop);
    llvm::cast<llvm::PHINode>(phi)->addIncoming(at_some, some);
  }
  if (info.aggregation != Aggregation::kAvg) return all.first;
  return LowerDivision(sema::BinaryOp::kDiv, all.first, all.second, info.value->is_signed);
}

void BodyContext::LowerAssignMap(const sema::AssignMap& node, Span span) {
  const MapInfo& info = module().program.maps[node.target.map];
  const Type& type = *info.value;
  if (info.key == nullptr) {
    llvm::Value* place = DirectValue(node.target.map);
    if (type.IsScalar()) {
      StoreScalar(Lower(*node.value), type, place);
    } else {
      llvm::Value* made = Temporary(type.size);
      LowerInto(*node.value, type, made);
      Helper(BPF_FUNC_probe_read_kernel, {place, I64(type.size), made});
    }
    MarkPresent(node.target.map, place);
    return;
  }
  llvm::Value* scalar = type.IsScalar() ? Lower(*node.value) : nullptr;
  llvm::Value* made = nullptr;
  uint32_t value_size = layout().image().maps[node.target.map].value_size;
  if (scalar == nullptr) {
    made = Temporary(value_size);
    LowerInto(*node.value, type, made);
  }
  llvm::Value* key = LowerKey(node.target);
  llvm::BasicBlock* insert = NewBlock("insert");
  llvm::BasicBlock* done = NewBlock("done");
  if (scalar != nullptr && !info.has_deletes) {
    // In place where the key is there: a store instead of an update's locks.
    llvm::Value* found = Lookup(node.target, key);
    llvm::BasicBlock* have = NewBlock("have");
    ir_.CreateCondBr(ir_.CreateIsNull(found), insert, have);
    ir_.SetInsertPoint(have);
    StoreScalar(scalar, type, found);
    ir_.CreateBr(done);
  } else {
    ir_.CreateBr(insert);
  }
  ir_.SetInsertPoint(insert);
  if (scalar != nullptr) {
    made = Temporary(value_size);
    if (type.size < 8) ir_.CreateAlignedStore(I64(0), made, llvm::Align(8));
    StoreScalar(scalar, type, made);
  }
  llvm::Value* code = UpdateElement(node.target.map, key, made, BPF_ANY);
  llvm::BasicBlock* full = NewBlock("full");
  ir_.CreateCondBr(ir_.CreateICmpSLT(code, ir_.getInt32(0)), full, done);
  ir_.SetInsertPoint(full);
  CountFailedUpdate(span, node.target.map, code, done);
  ir_.SetInsertPoint(done);
}

void BodyContext::LowerAddToMap(const sema::AddToMap& node, Span span) {
  llvm::Value* delta = Lower(*node.value);
  if (node.subtract) delta = ir_.CreateNeg(delta);
  llvm::BasicBlock* done = NewBlock("done");
  llvm::Value* value = LookupOrInsert(node.target, span, done);
  ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, value, delta, llvm::MaybeAlign(8), llvm::AtomicOrdering::Monotonic);
  MarkPresent(node.target.map, value);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

void BodyContext::LowerUpdateAggregate(const sema::UpdateAggregate& node, Span span) {
  const auto& call = std::get<sema::Call>(node.call->node);
  llvm::BasicBlock* done = NewBlock("done");
  llvm::Value* value = LookupOrInsert(node.target, span, done);
  call.builtin->update(*this, call, module().program.maps[node.target.map], value);
  MarkPresent(node.target.map, value);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

llvm::Value* BodyContext::DeleteElement(const sema::MapRef& ref) {
  const MapInfo& info = module().program.maps[ref.map];
  uint32_t value_size = layout().image().maps[ref.map].value_size;
  if (info.key == nullptr && info.aggregation == Aggregation::kNone) {
    Zero(DirectValue(ref.map), value_size);
    return I64(1);
  }
  if (info.key == nullptr) {
    llvm::Value* value = Lookup(ref, LowerKey(ref));
    llvm::BasicBlock* have = NewBlock("have");
    llvm::BasicBlock* done = NewBlock("done");
    ir_.CreateCondBr(ir_.CreateIsNull(value), done, have);
    ir_.SetInsertPoint(have);
    Zero(value, value_size);
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
    return I64(1);
  }
  llvm::Value* code = Helper(BPF_FUNC_map_delete_elem, {MapPointer(ref.map), LowerKey(ref)});
  NoteFailure(code, BPF_FUNC_map_delete_elem);
  return ir_.CreateZExt(ir_.CreateICmpEQ(ir_.CreateTrunc(code, ir_.getInt32Ty()), ir_.getInt32(0)), ir_.getInt64Ty());
}

llvm::Value* BodyContext::HasKey(const sema::MapRef& ref) {
  llvm::Value* found = Lookup(ref, LowerKey(ref));
  // Hidden, since the optimiser would make `x | has_key(…)` a sum of x and the pointer, which the verifier refuses.
  return Hide(ir_.CreateZExt(ir_.CreateIsNotNull(found), ir_.getInt64Ty()));
}

}  // namespace sonde::codegen
