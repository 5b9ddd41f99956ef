// Stacks: a value is a number, the frames go to the reader once. See image::StackId.
#include <fmt/format.h>
#include <linux/bpf.h>
#include <llvm/IR/CFG.h>

#include <algorithm>
#include <cstring>

#include "codegen/body_context.h"

namespace sonde::codegen {
namespace {

constexpr uint64_t kHashFactor = 0x9e3779b97f4a7c15;
constexpr uint32_t kAddressBytes = 8;
constexpr uint32_t kSetBytes = 16;
// A capture's buffer is never on the BPF stack, of which the verifier would follow every word.
constexpr uint32_t kLeastFrames = 6;
constexpr uint32_t kEntryCells = 2;

uint32_t FrameBytes(image::StackFrames frames) {
  return frames == image::StackFrames::kUserBuildIds ? sizeof(image::BuildIdFrame) : kAddressBytes;
}

llvm::Value* Mixed(llvm::IRBuilder<>& ir, llvm::Value* hash, llvm::Value* word) {
  llvm::Value* product = ir.CreateMul(ir.CreateXor(hash, word), ir.getInt64(kHashFactor));
  return ir.CreateXor(product, ir.CreateLShr(product, 32));
}

}  // namespace

llvm::Value* BodyContext::CaptureStack(image::StackFrames frames, uint32_t limit, Span span) {
  bool is_entered = frames == image::StackFrames::kKernel && program_.entry_frames > 0;
  uint32_t room = is_entered ? limit + kEntryCells : limit;
  uint64_t flags = is_entered ? program_.entry_frames + frame_.calls : 0;
  if (frames != image::StackFrames::kKernel) flags = BPF_F_USER_STACK;
  if (frames == image::StackFrames::kUserBuildIds) flags |= BPF_F_USER_BUILD_ID;
  llvm::Value* record = Temporary(sizeof(image::StackRecord) + std::max(room, kLeastFrames) * FrameBytes(frames));
  llvm::Value* first = At(record, sizeof(image::StackRecord));
  llvm::Value* got = Helper(BPF_FUNC_get_stack, {ctx(), first, I64(room * FrameBytes(frames)), I64(flags)});
  llvm::BasicBlock* some = NewBlock("frames");
  llvm::BasicBlock* done = NewBlock("stack");
  ir_.CreateCondBr(ir_.CreateICmpSGT(got, I64(0)), some, done);
  ir_.SetInsertPoint(some);
  uint32_t capacity = limit * FrameBytes(frames);
  if (is_entered) {
    llvm::Value* entry = EntryBytes(first);
    record = At(record, entry);
    got = ir_.CreateSub(got, entry);
    some = NewBlock("shown_frames");
    ir_.CreateCondBr(ir_.CreateICmpSGT(got, I64(0)), some, done);
    ir_.SetInsertPoint(some);
  }
  StoreStackHeader(record, frames, is_entered ? limit : 0);
  llvm::Value* id = SendStack(record, AtMost(got, capacity), capacity, FrameBytes(frames), span);
  ir_.CreateBr(done);
  llvm::BasicBlock* sent = ir_.GetInsertBlock();
  ir_.SetInsertPoint(done);
  llvm::PHINode* value = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  for (llvm::BasicBlock* from : llvm::predecessors(done))
    value->addIncoming(from == sent ? id : I64(image::kNoStack), from);
  return value;
}

// Bytes of the innermost frames that are still on the way from what the program is attached to, as __bpf_trace_X() and
// __traceiter_X() are, of which the kernel leaves out what it does not need at the moment. Asked by name once for each
// program, then known by address.
llvm::Value* BodyContext::EntryBytes(llvm::Value* frames) {
  llvm::Value* cells = At(DirectValue(layout().stack_cache()), layout().EntryCells(program_.section));
  llvm::BasicBlock* done = NewBlock("entered");
  std::vector<std::pair<uint32_t, llvm::BasicBlock*>> exits;
  for (uint32_t i = 0; i < kEntryCells; ++i) {
    llvm::Value* cell = At(cells, uint64_t{i} * 8);
    llvm::Value* frame = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(frames, uint64_t{i} * 8), llvm::Align(8));
    llvm::Value* known = ir_.CreateAlignedLoad(ir_.getInt64Ty(), cell, llvm::Align(8), /*isVolatile=*/true);
    llvm::BasicBlock* asked = ir_.GetInsertBlock();
    llvm::BasicBlock* learn = NewBlock("learn_entry");
    llvm::BasicBlock* compare = NewBlock("compare_entry");
    llvm::BasicBlock* next = NewBlock("next_entry");
    ir_.CreateCondBr(ir_.CreateICmpEQ(known, I64(0)), learn, compare);
    ir_.SetInsertPoint(learn);
    llvm::Value* learned = ir_.CreateCall(LearnEntryFunction(), {frame});
    ir_.CreateAlignedStore(learned, cell, llvm::Align(8), /*isVolatile=*/true);
    ir_.CreateBr(compare);
    ir_.SetInsertPoint(compare);
    llvm::PHINode* entry = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    entry->addIncoming(known, asked);
    entry->addIncoming(learned, learn);
    exits.emplace_back(i * 8, compare);
    ir_.CreateCondBr(ir_.CreateICmpEQ(entry, frame), next, done);
    ir_.SetInsertPoint(next);
  }
  exits.emplace_back(kEntryCells * 8, ir_.GetInsertBlock());
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
  llvm::PHINode* bytes = ir_.CreatePHI(ir_.getInt64Ty(), kEntryCells + 1);
  for (const auto& [count, block] : exits) bytes->addIncoming(I64(count), block);
  return bytes;
}

// The address itself when it is of such a function, else 1; 0 when the kernel is too busy to say.
llvm::Function* BodyContext::LearnEntryFunction() {
  if (program_.learn_entry != nullptr) return program_.learn_entry;
  llvm::IRBuilder<>::InsertPointGuard guard(ir_);
  llvm::Type* i64 = ir_.getInt64Ty();
  llvm::Function* function =
      llvm::Function::Create(llvm::FunctionType::get(i64, {i64}, false), llvm::GlobalValue::InternalLinkage,
                             fmt::format("entry_of_{}", program_.section), module().module);
  function->setSection(program_.section);
  function->addFnAttr(llvm::Attribute::NoInline);
  program_.learn_entry = function;
  ir_.SetInsertPoint(llvm::BasicBlock::Create(module().llvm, "entry", function));
  llvm::AllocaInst* address = ir_.CreateAlloca(i64);
  llvm::AllocaInst* name = ir_.CreateAlloca(llvm::ArrayType::get(i64, 2));
  ir_.CreateStore(function->getArg(0), address);
  for (uint64_t word : {0, 8}) ir_.CreateAlignedStore(I64(0), At(name, word), llvm::Align(8));
  llvm::Value* format = At(DirectValue(layout().zeros(0)), layout().Text("%ps"));
  llvm::Value* made = Helper(BPF_FUNC_snprintf, {name, I64(16), format, address, I64(8)});
  llvm::Value* start = ir_.CreateAlignedLoad(i64, name, llvm::Align(8), /*isVolatile=*/true);
  auto begins = [&](const char* text) {
    uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    return ir_.CreateICmpEQ(start, I64(word));
  };
  // The tracer runs some programs itself.
  bool is_attached = program_.entry_frames > 1;
  llvm::Value* is_entry = is_attached ? ir_.CreateOr(begins("__bpf_trace_"), begins("__traceiter_"))
                                      : ir_.CreateOr(begins("__bpf_prog_test_run"), begins("bpf_prog_test_run"));
  llvm::Value* learned = ir_.CreateSelect(is_entry, function->getArg(0), I64(1));
  ir_.CreateRet(ir_.CreateSelect(ir_.CreateICmpSLT(made, I64(0)), I64(0), learned));
  return function;
}

// A stack of this one frame makes the reader look at the process as long as it is there. Failing that loses nothing
// but perhaps a name.
void BodyContext::AnnounceAddress(llvm::Value* address) {
  llvm::Value* record = Temporary(sizeof(image::StackRecord) + kLeastFrames * kAddressBytes);
  StoreStackHeader(record, image::StackFrames::kUser, 0);
  ir_.CreateAlignedStore(address, At(record, sizeof(image::StackRecord)), llvm::Align(8));
  SendStack(record, I64(kAddressBytes), kAddressBytes, kAddressBytes, std::nullopt);
}

// Without the number and the length.
void BodyContext::StoreStackHeader(llvm::Value* record, image::StackFrames frames, uint32_t limit) {
  llvm::Value* pid = I64(0);
  if (frames != image::StackFrames::kKernel) {
    pid = ir_.CreateLShr(Helper(BPF_FUNC_get_current_pid_tgid, {}), 32);
  }
  ir_.CreateAlignedStore(ir_.CreateTrunc(pid, ir_.getInt32Ty()), At(record, offsetof(image::StackRecord, pid)),
                         llvm::Align(4));
  ir_.CreateAlignedStore(ir_.getInt32(static_cast<uint32_t>(frames)), At(record, offsetof(image::StackRecord, frames)),
                         llvm::Align(4));
  ir_.CreateAlignedStore(ir_.getInt32(limit), At(record, offsetof(image::StackRecord, limit)), llvm::Align(4));
}

// The number of a stack of `bytes`, sent unless it was lately.
llvm::Value* BodyContext::SendStack(llvm::Value* record, llvm::Value* bytes, uint32_t capacity, uint32_t frame_bytes,
                                    std::optional<Span> span) {
  llvm::Value* length = At(record, offsetof(image::StackRecord, bytes));
  ir_.CreateAlignedStore(ir_.CreateTrunc(bytes, ir_.getInt32Ty()), length, llvm::Align(4));
  llvm::Value* hash = HashStack(record, bytes);
  // Taken from memory again: the loop has left a different idea of it in each of the verifier's walks.
  llvm::Value* stored = ir_.CreateAlignedLoad(ir_.getInt32Ty(), length, llvm::Align(4), /*isVolatile=*/true);
  bytes = ir_.CreateZExt(stored, ir_.getInt64Ty());
  llvm::Value* count = ir_.CreateUDiv(bytes, I64(frame_bytes));
  llvm::Value* id = ir_.CreateOr(ir_.CreateAnd(hash, I64(~image::kStackCountMask)), count);
  ir_.CreateAlignedStore(id, record, llvm::Align(8));

  llvm::Value* index = ir_.CreateAnd(ir_.CreateLShr(id, 8), I64(image::kStackCacheSets - 1));
  llvm::Value* set = At(DirectValue(layout().stack_cache()), Hide(ir_.CreateMul(index, I64(kSetBytes))));
  llvm::Value* newer = ir_.CreateAlignedLoad(ir_.getInt64Ty(), set, llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* older = ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(set, 8), llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* is_known = ir_.CreateOr(ir_.CreateICmpEQ(newer, id), ir_.CreateICmpEQ(older, id));
  llvm::BasicBlock* send = NewBlock("send_stack");
  llvm::BasicBlock* sent = NewBlock("stack_sent");
  llvm::BasicBlock* lost = NewBlock("stack_lost");
  llvm::BasicBlock* known = NewBlock("stack_known");
  llvm::BasicBlock* asked = ir_.GetInsertBlock();
  ir_.CreateCondBr(is_known, known, send);

  ir_.SetInsertPoint(send);
  llvm::Value* size = ir_.CreateAdd(AtMost(bytes, capacity), I64(sizeof(image::StackRecord)));
  llvm::Value* ring = MapPointer(layout().stack_ring());
  llvm::Value* failed = Helper(BPF_FUNC_ringbuf_output, {ring, record, size, I64(BPF_RB_NO_WAKEUP)});
  ir_.CreateCondBr(ir_.CreateICmpSLT(failed, I64(0)), lost, sent);
  ir_.SetInsertPoint(sent);
  ir_.CreateAlignedStore(newer, At(set, 8), llvm::Align(8), /*isVolatile=*/true);
  ir_.CreateAlignedStore(id, set, llvm::Align(8), /*isVolatile=*/true);
  WakeReader();
  sent = ir_.GetInsertBlock();
  ir_.CreateBr(known);
  ir_.SetInsertPoint(lost);
  if (span) CountLoss(*span, image::LossReason::kRingFull, "stack");
  ir_.CreateBr(known);

  ir_.SetInsertPoint(known);
  llvm::PHINode* value = ir_.CreatePHI(ir_.getInt64Ty(), 3);
  value->addIncoming(id, asked);
  value->addIncoming(id, sent);
  value->addIncoming(I64(image::kLostStack), lost);
  return value;
}

// Over the words of the frames, from what else tells stacks apart.
llvm::Value* BodyContext::HashStack(llvm::Value* record, llvm::Value* bytes) {
  llvm::Type* i64 = ir_.getInt64Ty();
  llvm::Value* pid =
      ir_.CreateAlignedLoad(ir_.getInt32Ty(), At(record, offsetof(image::StackRecord, pid)), llvm::Align(4));
  llvm::Value* frames =
      ir_.CreateAlignedLoad(ir_.getInt32Ty(), At(record, offsetof(image::StackRecord, frames)), llvm::Align(4));
  llvm::Value* high = ir_.CreateShl(ir_.CreateZExt(frames, i64), 32);
  llvm::Value* seed = Mixed(ir_, I64(kHashFactor), ir_.CreateOr(high, ir_.CreateZExt(pid, i64)));
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* loop = NewBlock("hash");
  llvm::BasicBlock* done = NewBlock("hashed");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  llvm::PHINode* at = ir_.CreatePHI(i64, 2);
  llvm::PHINode* hash = ir_.CreatePHI(i64, 2);
  llvm::Value* word = ir_.CreateAlignedLoad(i64, At(At(record, sizeof(image::StackRecord)), at), llvm::Align(8));
  llvm::Value* next = ir_.CreateAdd(at, I64(8));
  llvm::Value* mixed = Mixed(ir_, hash, word);
  at->addIncoming(I64(0), before);
  at->addIncoming(next, loop);
  hash->addIncoming(seed, before);
  hash->addIncoming(mixed, loop);
  ir_.CreateCondBr(ir_.CreateICmpULT(next, bytes), loop, done);
  ir_.SetInsertPoint(done);
  return mixed;
}

}  // namespace sonde::codegen
