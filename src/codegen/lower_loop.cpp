// Loops. Each is a callback, a function of its own in the program's section, that the kernel calls for each round:
// bpf_loop for `while` and ranges, bpf_for_each_map_elem for maps. So the verifier walks a body once or twice, however
// often it runs, and may be sure that it ends.
//
// The callback finds what it needs of its body through a pointer to the loop state on the stack of the body's function,
// the same one at any depth. That state never changes while loops run and variables stand in scratch, where the
// verifier tracks no numbers: its walk over a round ends where it began.
//
// A callback returns 0 for the next round and 1 to end the loop; `return` and exit() leave a mark in scratch as well,
// by which each caller goes on leaving.
#include <linux/bpf.h>

#include <utility>

#include "codegen/body_context.h"

namespace sonde::codegen {
namespace {

// The loop state: words at these offsets.
constexpr uint64_t kStateCtx = 0;
constexpr uint64_t kStateRegs = 8;
constexpr uint64_t kStateProbeId = 16;
constexpr uint64_t kStateTask = 24;
constexpr uint64_t kStateScratch = 32;
constexpr uint64_t kStateCall = 40;
constexpr uint64_t kStateWords = 6;

}  // namespace

struct BodyContext::Callback {
  llvm::Function* function = nullptr;
  Frame caller;
  llvm::BasicBlock* caller_block = nullptr;
};

llvm::Value* BodyContext::LoopState() {
  if (frame_.loop_state != nullptr) return frame_.loop_state;
  EnsureScratch();
  if (loop_state_ == nullptr) {
    llvm::IRBuilder<> entry(frame_.entry, frame_.entry->begin());
    llvm::AllocaInst* words = entry.CreateAlloca(llvm::ArrayType::get(entry.getInt64Ty(), kStateWords));
    words->setAlignment(llvm::Align(8));
    loop_state_ = words;
    left_ = Allocate(8);
  }
  ir_.CreateStore(frame_.ctx, At(loop_state_, kStateCtx));
  ir_.CreateStore(frame_.regs, At(loop_state_, kStateRegs));
  ir_.CreateStore(frame_.probe_id, At(loop_state_, kStateProbeId));
  ir_.CreateStore(frame_.task, At(loop_state_, kStateTask));
  ir_.CreateStore(frame_.scratch, At(loop_state_, kStateScratch));
  ir_.CreateStore(frame_.call, At(loop_state_, kStateCall));
  return loop_state_;
}

// Goes on in a new callback, where a round begins. Its last parameter is the loop state. A round that ends the loop
// stores 1 in `ended`, where that is wanted.
BodyContext::Callback BodyContext::BeginCallback(const std::vector<llvm::Type*>& parameters, const Memory* ended) {
  llvm::FunctionType* type = llvm::FunctionType::get(ir_.getInt64Ty(), parameters, false);
  llvm::Function* function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "loop_" + program_.section, module().module);
  function->setSection(program_.section);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  Callback callback{.function = function, .caller = frame_, .caller_block = ir_.GetInsertBlock()};
  frame_ = {.function = function, .calls = frame_.calls + 1};
  frame_.loop_state = function->getArg(static_cast<unsigned>(parameters.size()) - 1);
  frame_.entry = NewBlock("entry");
  llvm::BasicBlock* round = NewBlock("round");
  frame_.continue_to = NewBlock("next");
  frame_.break_to = NewBlock("ended");
  frame_.leave = NewBlock("left");

  ir_.SetInsertPoint(frame_.entry);
  frame_.ctx = ir_.CreateLoad(ir_.getPtrTy(), At(frame_.loop_state, kStateCtx));
  frame_.regs = ir_.CreateLoad(ir_.getPtrTy(), At(frame_.loop_state, kStateRegs));
  frame_.probe_id = ir_.CreateLoad(ir_.getInt64Ty(), At(frame_.loop_state, kStateProbeId));
  frame_.task = ir_.CreateLoad(ir_.getPtrTy(), At(frame_.loop_state, kStateTask));
  frame_.scratch = ir_.CreateLoad(ir_.getPtrTy(), At(frame_.loop_state, kStateScratch));
  frame_.call = ir_.CreateLoad(ir_.getPtrTy(), At(frame_.loop_state, kStateCall));
  ir_.CreateBr(round);
  ir_.SetInsertPoint(frame_.continue_to);
  ir_.CreateRet(I64(0));
  ir_.SetInsertPoint(frame_.break_to);
  if (ended != nullptr) ir_.CreateStore(I64(1), Address(*ended));
  ir_.CreateRet(I64(1));
  ir_.SetInsertPoint(frame_.leave);
  ir_.CreateStore(I64(1), Address(left_));
  ir_.CreateRet(I64(1));
  ir_.SetInsertPoint(round);
  return callback;
}

// Ends the round and goes on in the caller. True when something in the callback leaves the body.
bool BodyContext::EndCallback(const Callback& callback) {
  ir_.CreateBr(frame_.continue_to);
  bool leaves = frame_.leaves;
  frame_ = callback.caller;
  ir_.SetInsertPoint(callback.caller_block);
  if (leaves && frame_.loop_state == nullptr) ir_.CreateStore(I64(0), Address(left_));
  return leaves;
}

void BodyContext::LeaveIfMarked() {
  llvm::BasicBlock* stays = NewBlock("stays");
  llvm::Value* mark = ir_.CreateLoad(ir_.getInt64Ty(), Address(left_));
  frame_.leaves = true;
  ir_.CreateCondBr(ir_.CreateICmpNE(mark, I64(0)), frame_.leave, stays);
  ir_.SetInsertPoint(stays);
}

// Where the kernel ran all the rounds that it allows and none of them ended the loop.
void BodyContext::CountLoopLimit(llvm::Value* at_limit, const Memory& ended, Span span, const char* object) {
  llvm::BasicBlock* cut = NewBlock("cut_short");
  llvm::BasicBlock* done = NewBlock("looped");
  llvm::Value* open = ir_.CreateICmpEQ(ir_.CreateLoad(ir_.getInt64Ty(), Address(ended)), I64(0));
  ir_.CreateCondBr(ir_.CreateAnd(at_limit, open), cut, done);
  ir_.SetInsertPoint(cut);
  CountLoss(span, image::LossReason::kLoopLimit, object);
  WakeReader(image::kAwaitsLosses);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

void BodyContext::LowerWhile(const sema::While& node, Span span) {
  llvm::Value* state = LoopState();
  Memory ended = Reserve(8);
  Callback callback = BeginCallback({ir_.getInt64Ty(), ir_.getPtrTy()}, &ended);
  llvm::BasicBlock* holds = NewBlock("holds");
  size_t mark = in_use_.size();
  ir_.CreateCondBr(LowerCondition(*node.condition), holds, frame_.break_to);
  ReleaseTemporaries(mark);
  ir_.SetInsertPoint(holds);
  LowerStatements(node.body);
  bool leaves = EndCallback(callback);
  ir_.CreateStore(I64(0), Address(ended));
  llvm::Value* rounds = Helper(BPF_FUNC_loop, {I64(image::kMaxLoopRounds), callback.function, state, I64(0)});
  if (leaves) LeaveIfMarked();
  CountLoopLimit(ir_.CreateICmpEQ(rounds, I64(image::kMaxLoopRounds)), ended, span, "while");
}

// A number of rounds that neither LLVM nor the verifier can trace to a constant: where the verifier knows that it is 0
// it takes the callback for dead code, and then fails over the reference to it.
llvm::Value* BodyContext::Untraced(llvm::Value* rounds) {
  llvm::Value* place = Temporary(8);
  ir_.CreateStore(rounds, place, /*isVolatile=*/true);
  return ir_.CreateLoad(ir_.getInt64Ty(), place, /*isVolatile=*/true);
}

void BodyContext::LowerForRange(const sema::ForRange& node, Span span) {
  llvm::Value* state = LoopState();
  llvm::Value* start = Lower(*node.start);
  llvm::Value* end = Lower(*node.end);
  llvm::Value* rounds = ir_.CreateSelect(ir_.CreateICmpSGT(end, start), ir_.CreateSub(end, start), I64(0));
  const auto* known = llvm::dyn_cast<llvm::ConstantInt>(rounds);
  if (known != nullptr && known->isZero()) return;
  if (known == nullptr) rounds = Untraced(rounds);
  bool may_be_cut = known == nullptr || known->getZExtValue() > image::kMaxLoopRounds;

  Memory ended = may_be_cut ? Reserve(8) : Memory{};
  bool is_constant = llvm::isa<llvm::ConstantInt>(start);
  Memory kept_start = is_constant ? Memory{} : Reserve(8);
  Callback callback = BeginCallback({ir_.getInt64Ty(), ir_.getPtrTy()}, may_be_cut ? &ended : nullptr);
  llvm::Value* first = is_constant ? start : ir_.CreateLoad(ir_.getInt64Ty(), Address(kept_start));
  ir_.CreateStore(ir_.CreateAdd(first, callback.function->getArg(0)), VariableAddress(node.variable));
  LowerStatements(node.body);
  bool leaves = EndCallback(callback);
  if (!is_constant) ir_.CreateStore(start, Address(kept_start));
  if (may_be_cut) ir_.CreateStore(I64(0), Address(ended));
  llvm::Value* limit = I64(image::kMaxLoopRounds);
  llvm::Value* too_many = ir_.CreateICmpUGT(rounds, limit);
  Helper(BPF_FUNC_loop, {ir_.CreateSelect(too_many, limit, rounds), callback.function, state, I64(0)});
  if (leaves) LeaveIfMarked();
  if (may_be_cut) CountLoopLimit(too_many, ended, span, "for");
}

void BodyContext::LowerForMap(const sema::ForMap& node) {
  llvm::Value* state = LoopState();
  llvm::Type* pointer = ir_.getPtrTy();
  Callback callback = BeginCallback({pointer, pointer, pointer, pointer}, nullptr);
  StoreElement(node, callback.function->getArg(1), callback.function->getArg(2));
  LowerStatements(node.body);
  bool leaves = EndCallback(callback);
  Helper(BPF_FUNC_for_each_map_elem, {MapPointer(node.map), callback.function, state, I64(0)});
  if (leaves) LeaveIfMarked();
}

// The kernel counts the elements that it calls a callback for.
llvm::Value* BodyContext::MapLength(uint32_t map) {
  llvm::Type* pointer = ir_.getPtrTy();
  llvm::FunctionType* type = llvm::FunctionType::get(ir_.getInt64Ty(), {pointer, pointer, pointer, pointer}, false);
  llvm::Function* function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "each_" + program_.section, module().module);
  function->setSection(program_.section);
  function->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<>(llvm::BasicBlock::Create(module().llvm, "each", function)).CreateRet(I64(0));
  return Helper(BPF_FUNC_for_each_map_elem, {MapPointer(map), function, I64(0), I64(0)});
}

// The loop's variable, from an element of the map. It has the types of the map, so that bytes are copied as they are.
void BodyContext::StoreElement(const sema::ForMap& node, llvm::Value* key, llvm::Value* value) {
  const sema::Type& tuple = *body_.variables[node.variable].type;
  llvm::Value* places[2] = {nullptr, nullptr};
  for (int i = 0; i < 2; ++i) places[i] = At(VariableAddress(node.variable), tuple.fields[i].offset);
  auto copy = [&](const sema::Type& type, llvm::Value* place, llvm::Value* from) {
    if (type.IsScalar()) {
      StoreScalar(LoadScalar(type, from), type, place);
    } else {
      Copy(place, from, type.size);
    }
  };
  copy(*tuple.fields[0].type, places[0], key);
  const sema::Type& value_type = *tuple.fields[1].type;
  if (module().program.maps[node.map].aggregation == image::Aggregation::kNone) {
    copy(value_type, places[1], value);
  } else {
    StoreScalar(AggregateNumber(node.map, places[0]), value_type, places[1]);
  }
}

}  // namespace sonde::codegen
