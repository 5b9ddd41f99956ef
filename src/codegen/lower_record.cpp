// Records: what printf and its like send to the runtime.
//
// A record of constant size is reserved in the ring and filled in place; one with a tail of strings is built in scratch
// and sent at its real length. Nobody is woken while the reader is awake: see image/abi.h.
#include <fmt/format.h>
#include <linux/bpf.h>

#include "codegen/body_context.h"

namespace sonde::codegen {

void BodyContext::StoreHeader(llvm::Value* record, uint32_t event) {
  ir_.CreateAlignedStore(I64(event), record, llvm::Align(8));  // the id, and the reserved word above it
}

void BodyContext::SendRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span) {
  const image::EventSpec& spec = layout().event(event);
  if (spec.max_size == spec.fixed_size) {
    SendFixedRecord(event, values, span);
  } else {
    SendTailRecord(event, values, span);
  }
}

void BodyContext::SendFixedRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span) {
  const image::EventSpec& spec = layout().event(event);
  // Whatever may leave the body or claim memory happens before the reservation, which must be given back on every path.
  std::vector<llvm::Value*> scalars;
  for (const sema::Expr* value : values) {
    scalars.push_back(value->type->IsScalar() ? Lower(*value) : nullptr);
  }
  std::vector<llvm::Value*> memory;
  for (const sema::Expr* value : values) {
    const auto* load = std::get_if<sema::Load>(&value->node);
    bool direct = value->type->IsScalar() || std::holds_alternative<sema::StringConstant>(value->node) ||
                  std::holds_alternative<sema::Call>(value->node);
    memory.push_back(direct ? nullptr : load != nullptr ? LoadAddress(*load) : LowerAddress(*value));
  }
  llvm::BasicBlock* reserved = NewBlock("reserved");
  llvm::BasicBlock* lost = NewBlock("lost");
  llvm::BasicBlock* done = NewBlock("sent");
  llvm::Value* record =
      PointerHelper(BPF_FUNC_ringbuf_reserve, {MapPointer(layout().data_ring()), I64(spec.fixed_size), I64(0)});
  ir_.CreateCondBr(ir_.CreateIsNull(record), lost, reserved);
  ir_.SetInsertPoint(reserved);
  StoreHeader(record, event);
  for (size_t i = 0; i < values.size(); ++i) {
    const sema::Type& type = *values[i]->type;
    llvm::Value* slot = At(record, spec.slots[i].offset);
    if (scalars[i] != nullptr) {
      StoreScalar(scalars[i], type, slot);
    } else if (type.size == 0) {
      // an empty tuple
    } else if (const auto* load = std::get_if<sema::Load>(&values[i]->node)) {
      sema::AddressSpace space = load->pointer->type->space;
      if (type.IsString()) {
        ReadString(slot, I64(type.size), memory[i], space);
      } else {
        ReadMemory(slot, type.size, memory[i], space);
      }
    } else if (memory[i] != nullptr) {
      Helper(BPF_FUNC_probe_read_kernel, {slot, I64(type.size), memory[i]});
    } else {
      LowerInto(*values[i], type, slot);
    }
  }
  Helper(BPF_FUNC_ringbuf_submit, {record, I64(BPF_RB_NO_WAKEUP)});
  WakeReader();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(lost);
  CountLoss(span, image::LossReason::kRingFull, spec.function);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

void BodyContext::SendTailRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span) {
  const image::EventSpec& spec = layout().event(event);
  llvm::Value* record = Temporary(spec.max_size);
  StoreHeader(record, event);
  llvm::Value* end = I64(spec.fixed_size);
  uint64_t end_limit = spec.fixed_size;
  for (size_t i = 0; i < values.size(); ++i) {
    const sema::Type& type = *values[i]->type;
    llvm::Value* slot = At(record, spec.slots[i].offset);
    if (!layout().IsTail(event, static_cast<uint32_t>(i))) {
      StoreValue(*values[i], type, slot);
      continue;
    }
    // A buffer's bytes follow their number; a text is sent without its NUL.
    uint32_t before = type.IsBuffer() ? image::kBufferLengthBytes : 0;
    uint32_t capacity = type.IsBuffer() ? type.size - before : type.size - 1;
    llvm::Value* length = AtMost(LowerTextInto(*values[i], type, At(record, end)), capacity);
    llvm::Value* start = before == 0 ? end : ir_.CreateAdd(end, I64(before));
    ir_.CreateAlignedStore(ir_.CreateTrunc(start, ir_.getInt32Ty()), slot, llvm::Align(4));
    ir_.CreateAlignedStore(ir_.CreateTrunc(length, ir_.getInt32Ty()), At(slot, 4), llvm::Align(4));
    end_limit += before + capacity;
    end = AtMost(ir_.CreateAdd(start, length), end_limit);
  }
  llvm::Value* ring = MapPointer(layout().data_ring());
  llvm::Value* failed = Helper(BPF_FUNC_ringbuf_output, {ring, record, end, I64(BPF_RB_NO_WAKEUP)});
  llvm::BasicBlock* lost = NewBlock("lost");
  llvm::BasicBlock* kept = NewBlock("kept");
  llvm::BasicBlock* done = NewBlock("sent");
  ir_.CreateCondBr(ir_.CreateICmpSLT(failed, I64(0)), lost, kept);
  ir_.SetInsertPoint(lost);
  CountLoss(span, image::LossReason::kRingFull, spec.function);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(kept);
  WakeReader();
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

void BodyContext::LowerExit(uint32_t event, llvm::Value* code, Span span) {
  ir_.CreateStore(ir_.CreateTrunc(code, ir_.getInt32Ty()), ControlField(offsetof(image::Control, exit_code)), true);
  ir_.CreateStore(ir_.getInt32(1), ControlField(offsetof(image::Control, exit)), true);
  llvm::Value* record = Temporary(sizeof(image::RecordHeader));
  StoreHeader(record, event);
  llvm::Value* ring = MapPointer(layout().control_ring());
  Helper(BPF_FUNC_ringbuf_output, {ring, record, I64(sizeof(image::RecordHeader)), I64(BPF_RB_FORCE_WAKEUP)});
  static_cast<void>(span);
  Leave();
}

void BodyContext::WakeReader(uint32_t from) {
  llvm::BasicBlock* wake = NewBlock("wake");
  llvm::BasicBlock* awake = NewBlock("awake");
  llvm::Value* asleep =
      ir_.CreateLoad(ir_.getInt32Ty(), ControlField(offsetof(image::Control, asleep)), /*isVolatile=*/true);
  ir_.CreateCondBr(ir_.CreateICmpUGE(asleep, ir_.getInt32(from)), wake, awake);
  ir_.SetInsertPoint(wake);
  ir_.CreateCall(WakeFunction(), {});
  ir_.CreateBr(awake);
  ir_.SetInsertPoint(awake);
}

// Whoever takes `asleep` back to 0 wakes the reader, by a record that is discarded: in the control ring, since the data
// ring may be full again by then.
llvm::Function* BodyContext::WakeFunction() {
  if (program_.wake != nullptr) return program_.wake;
  llvm::IRBuilder<>::InsertPointGuard guard(ir_);
  llvm::FunctionType* type = llvm::FunctionType::get(ir_.getInt64Ty(), false);
  llvm::Function* function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                                    fmt::format("wake_{}", program_.section), module().module);
  function->setSection(program_.section);
  function->addFnAttr(llvm::Attribute::NoInline);
  program_.wake = function;
  auto block = [&](const char* name) { return llvm::BasicBlock::Create(module().llvm, name, function); };
  llvm::BasicBlock* entry = block("entry");
  llvm::BasicBlock* reserve = block("reserve");
  llvm::BasicBlock* discard = block("discard");
  llvm::BasicBlock* done = block("done");
  ir_.SetInsertPoint(entry);
  llvm::Value* was =
      ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, ControlField(offsetof(image::Control, asleep)), ir_.getInt32(0),
                          llvm::MaybeAlign(4), llvm::AtomicOrdering::SequentiallyConsistent);
  ir_.CreateCondBr(ir_.CreateICmpEQ(was, ir_.getInt32(0)), done, reserve);
  ir_.SetInsertPoint(reserve);
  llvm::Value* ring = MapPointer(layout().control_ring());
  llvm::Value* record = PointerHelper(BPF_FUNC_ringbuf_reserve, {ring, I64(8), I64(0)});
  ir_.CreateCondBr(ir_.CreateIsNull(record), done, discard);
  ir_.SetInsertPoint(discard);
  Helper(BPF_FUNC_ringbuf_discard, {record, I64(BPF_RB_FORCE_WAKEUP)});
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  ir_.CreateRet(I64(0));
  return function;
}

}  // namespace sonde::codegen
