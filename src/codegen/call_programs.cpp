// Functions from their beginning to their return. A program at the beginning notes the arguments and the time on a stack
// of the task's own; one at the return finds them there and runs the body.
#include <linux/bpf.h>
#include <llvm/IR/InlineAsm.h>

#include "codegen/program_builder.h"
#include "kernel/pt_regs.h"

namespace sonde::codegen {
namespace {

using image::FunctionCall;
using image::FunctionCalls;

// What the stack pointer has grown by when a function has returned: its return address.
constexpr uint64_t kReturnAddress = 8;
// As far as this, a call that lies deeper on a stack than one that begins now has been left without a return.
constexpr uint64_t kSameStack = 1 << 20;

// The kernel follows no more returns of a task at once (MAX_URETPROBE_DEPTH of kernel/events/uprobes.c).
constexpr uint64_t kMaxProgramCalls = 64;

static_assert((image::kMaxFunctionCalls & (image::kMaxFunctionCalls - 1)) == 0);

class CallProgram : ProgramBuilder {
 public:
  CallProgram(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& cases)
      : ProgramBuilder(module, options),
        cases_(cases),
        by_trampoline_(std::holds_alternative<sema::HookFunction>(cases[0].probe->hook)),
        ir_(module.llvm) {}

  void Build() {
    Open(AddPrograms(false));
    BuildBeginning();
    Open(AddPrograms(true));
    BuildReturn();
  }

 private:
  uint32_t AddPrograms(bool is_return) {
    const uint32_t probes = is_return ? static_cast<uint32_t>(cases_.size()) : 0;
    if (by_trampoline_) return AddFunctionPrograms(cases_, is_return, is_return ? 1 : 0);
    const bool in_kernel = std::holds_alternative<sema::HookKprobe>(cases_[0].probe->hook);
    return in_kernel ? AddKprobePrograms(cases_, is_return, probes) : AddUprobePrograms(cases_, is_return, probes);
  }

  // Begins an entry function: the script's end, the number of the probe, the stack of calls.
  void Open(uint32_t program) {
    section_ = Image().programs[program].section;
    type_ = Image().programs[program].type;
    entry_ = NewFunction("entry_" + section_, section_, true);
    ctx_ = entry_->getArg(0);
    ir_.SetInsertPoint(NewBlock("entry"));
    out_ = NewBlock("out");
    LeaveWhenExiting(ir_, entry_, out_);
    if (by_trampoline_) {
      id_ = Hidden(ProbeIdOfProgram());
    } else if (cases_.size() > 1) {
      id_ = AttachCookie(ir_, ctx_);
    } else {
      id_ = ir_.getInt64(cases_[0].id);
    }
    task_ = Helper(BPF_FUNC_get_current_task_btf, ir_.getPtrTy());
  }

  void Close() {
    ir_.SetInsertPoint(out_);
    ir_.CreateRet(ir_.getInt64(0));
  }

  void BuildBeginning() {
    calls_ = Storage(BPF_LOCAL_STORAGE_GET_F_CREATE);
    llvm::BasicBlock* kept = NewBlock("kept");
    llvm::BasicBlock* lost = NewBlock("lost");
    ir_.CreateCondBr(ir_.CreateIsNull(calls_), lost, kept);
    ir_.SetInsertPoint(lost);
    CountLoss(image::LossReason::kNoTaskStorage);
    ir_.SetInsertPoint(kept);
    llvm::Value* place = by_trampoline_ ? ctx_ : RegisterNow(kernel::kRegisterSp);
    const bool in_program = std::holds_alternative<sema::HookUprobe>(cases_[0].probe->hook);
    const uint64_t limit = in_program ? kMaxProgramCalls : image::kMaxFunctionCalls;
    llvm::Value* depth = DropDead(place, limit);
    llvm::BasicBlock* deep = NewBlock("deep");
    llvm::BasicBlock* room = NewBlock("room");
    ir_.CreateCondBr(ir_.CreateICmpULT(depth, Number(limit)), room, deep);
    ir_.SetInsertPoint(deep);
    CountLoss(image::LossReason::kCallsTooDeep);
    ir_.SetInsertPoint(room);
    // Taken before it is filled, so that a probe in an interrupt takes the next one.
    Store(ir_.CreateAdd(depth, Number(1)), At(calls_, offsetof(FunctionCalls, depth)));
    llvm::Value* call = CallAt(ir_.CreateAnd(Hidden(depth), Last()));
    for (size_t i = 0; !by_trampoline_ && i < kernel::kArgumentRegisters.size(); ++i) {
      Store(RegisterNow(kernel::kArgumentRegisters[i]), At(call, offsetof(FunctionCall, registers) + 8 * i));
    }
    Store(place, At(call, offsetof(FunctionCall, place)));
    Store(ir_.CreateAdd(id_, Number(1)), At(call, offsetof(FunctionCall, pair)));
    Store(Helper(BPF_FUNC_ktime_get_ns), At(call, offsetof(FunctionCall, start_ns)));
    ir_.CreateBr(out_);
    Close();
  }

  void BuildReturn() {
    llvm::Value* now = Helper(BPF_FUNC_ktime_get_ns);
    calls_ = Storage(0);
    llvm::BasicBlock* there = NewBlock("there");
    ir_.CreateCondBr(ir_.CreateIsNull(calls_), out_, there);
    ir_.SetInsertPoint(there);
    llvm::Value* place = ctx_;
    if (!by_trampoline_) place = ir_.CreateSub(RegisterNow(kernel::kRegisterSp), Number(kReturnAddress));
    Search(place);
    // By way of memory, so that the verifier follows one number for all, and not each for itself.
    llvm::Value* index = ir_.CreateAnd(Load(At(calls_, offsetof(FunctionCalls, found))), Last());
    llvm::Value* call = CallAt(index);
    LeaveUnlessSame(call, place);
    llvm::Value* start_at = At(call, offsetof(FunctionCall, start_ns));
    Store(ir_.CreateSub(now, Load(start_at)), start_at);
    CallBody(call);
    Release(index, call);
    ir_.CreateBr(out_);
    Close();
  }

  // Calls that have ended in whatever order, and those that were left by a jump or an exception. Of calls at this very place
  // nobody can say whether the function was called at the end of another, which is still on, or was left: they go when
  // there is no more room. Gives the depth.
  llvm::Value* DropDead(llvm::Value* place, uint64_t limit) {
    llvm::BasicBlock* before = ir_.GetInsertBlock();
    llvm::BasicBlock* head = NewBlock("head");
    llvm::BasicBlock* look = NewBlock("look");
    llvm::BasicBlock* drop = NewBlock("drop");
    llvm::BasicBlock* done = NewBlock("done");
    llvm::Value* whole = Load(At(calls_, offsetof(FunctionCalls, depth)));
    llvm::Value* start = AtMostAll(whole);
    llvm::Value* least = ir_.CreateSelect(ir_.CreateICmpUGE(start, Number(limit)), Number(0), Number(1));
    ir_.CreateBr(head);
    ir_.SetInsertPoint(head);
    llvm::PHINode* depth = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    ir_.CreateCondBr(ir_.CreateICmpEQ(depth, Number(0)), done, look);
    ir_.SetInsertPoint(look);
    llvm::Value* less = ir_.CreateSub(depth, Number(1));
    llvm::Value* top = CallAt(ir_.CreateAnd(less, Last()));
    llvm::Value* is_over = ir_.CreateICmpEQ(Load(At(top, offsetof(FunctionCall, pair))), Number(0));
    if (!by_trampoline_) {
      llvm::Value* above = ir_.CreateSub(place, Load(At(top, offsetof(FunctionCall, place))));
      llvm::Value* is_left = ir_.CreateICmpULT(ir_.CreateSub(above, least), Number(kSameStack));
      is_over = ir_.CreateOr(is_over, is_left);
    }
    ir_.CreateCondBr(is_over, drop, done);
    ir_.SetInsertPoint(drop);
    ir_.CreateBr(head);
    depth->addIncoming(start, before);
    depth->addIncoming(less, drop);
    ir_.SetInsertPoint(done);
    return depth;
  }

  // Notes the number of the innermost call of this probe that began at this place; leaves when there is none.
  void Search(llvm::Value* place) {
    llvm::BasicBlock* before = ir_.GetInsertBlock();
    llvm::BasicBlock* head = NewBlock("search");
    llvm::BasicBlock* look = NewBlock("compare");
    llvm::BasicBlock* found = NewBlock("found");
    llvm::Value* start = AtMostAll(Load(At(calls_, offsetof(FunctionCalls, depth))));
    ir_.CreateBr(head);
    ir_.SetInsertPoint(head);
    llvm::PHINode* depth = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    ir_.CreateCondBr(ir_.CreateICmpEQ(depth, Number(0)), out_, look);
    ir_.SetInsertPoint(look);
    llvm::Value* less = ir_.CreateSub(depth, Number(1));
    llvm::Value* index = ir_.CreateAnd(less, Last());
    llvm::Value* is_it = IsSame(CallAt(index), place);
    ir_.CreateCondBr(is_it, found, head);
    depth->addIncoming(start, before);
    depth->addIncoming(less, look);
    ir_.SetInsertPoint(found);
    Store(index, At(calls_, offsetof(FunctionCalls, found)));
  }

  llvm::Value* IsSame(llvm::Value* call, llvm::Value* place) {
    llvm::Value* number = place->getType()->isPointerTy() ? ir_.CreatePtrToInt(place, ir_.getInt64Ty()) : place;
    llvm::Value* same_probe =
        ir_.CreateICmpEQ(Load(At(call, offsetof(FunctionCall, pair))), ir_.CreateAdd(id_, Number(1)));
    llvm::Value* same_place = ir_.CreateICmpEQ(number, Load(At(call, offsetof(FunctionCall, place))));
    return ir_.CreateAnd(same_probe, same_place);
  }

  // A probe in an interrupt may have noted another number meanwhile.
  void LeaveUnlessSame(llvm::Value* call, llvm::Value* place) {
    llvm::BasicBlock* same = NewBlock("same");
    ir_.CreateCondBr(IsSame(call, place), same, out_);
    ir_.SetInsertPoint(same);
  }

  void CallBody(llvm::Value* call) {
    ProgramContext context{module_, section_, by_trampoline_ ? ArgsAccess::kTrampoline : ArgsAccess::kCall};
    context.entry_frames = EntryFrames(type_, true);
    context.leaves_out_readers = module_.leaves_out_readers;
    std::map<uint32_t, llvm::Function*> made;
    llvm::Function* body = BodyFunction(context, cases_[0].probe->body, true, made);
    llvm::Value* null = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    ir_.CreateCall(body, {ctx_, null, id_, null, call});
  }

  // The call is over; it is gone when it was the last that began, else when those behind it are.
  void Release(llvm::Value* index, llvm::Value* call) {
    Store(Number(0), At(call, offsetof(FunctionCall, pair)));
    llvm::BasicBlock* last = NewBlock("last");
    llvm::Value* depth_at = At(calls_, offsetof(FunctionCalls, depth));
    ir_.CreateCondBr(ir_.CreateICmpEQ(Load(depth_at), ir_.CreateAdd(index, Number(1))), last, out_);
    ir_.SetInsertPoint(last);
    Store(index, depth_at);
  }

  // --- parts

  llvm::BasicBlock* NewBlock(const char* name) { return llvm::BasicBlock::Create(module_.llvm, name, entry_); }
  llvm::ConstantInt* Number(uint64_t number) { return ir_.getInt64(number); }
  llvm::ConstantInt* Last() { return Number(image::kMaxFunctionCalls - 1); }
  llvm::Value* At(llvm::Value* pointer, uint64_t offset) {
    return ir_.CreateGEP(ir_.getInt8Ty(), pointer, ir_.getInt64(offset));
  }
  // Neither is moved nor joined with others: interrupts see the order, and the verifier each number afresh.
  llvm::Value* Load(llvm::Value* at) {
    return ir_.CreateAlignedLoad(ir_.getInt64Ty(), at, llvm::Align(8), /*isVolatile=*/true);
  }
  void Store(llvm::Value* value, llvm::Value* at) {
    ir_.CreateAlignedStore(value, at, llvm::Align(8), /*isVolatile=*/true);
  }
  llvm::Value* RegisterNow(uint32_t offset) {
    return ir_.CreateAlignedLoad(ir_.getInt64Ty(), At(ctx_, offset), llvm::Align(8));
  }
  // The same number, of which the optimiser knows nothing any more: it would else compute with what the loader fills in,
  // or move a comparison away from where the verifier needs to see it.
  llvm::Value* Hidden(llvm::Value* number) {
    llvm::FunctionType* type = llvm::FunctionType::get(ir_.getInt64Ty(), {ir_.getInt64Ty()}, false);
    return ir_.CreateCall(llvm::InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/true), {number});
  }
  llvm::Value* AtMostAll(llvm::Value* depth) {
    llvm::Value* all = Number(image::kMaxFunctionCalls);
    llvm::Value* hidden = Hidden(depth);
    return Hidden(ir_.CreateSelect(ir_.CreateICmpULT(hidden, all), hidden, all));
  }
  llvm::Value* CallAt(llvm::Value* index) {
    llvm::Value* offset = ir_.CreateMul(index, Number(sizeof(FunctionCall)));
    return ir_.CreateGEP(ir_.getInt8Ty(), At(calls_, offsetof(FunctionCalls, calls)), offset);
  }

  llvm::Value* Helper(int number, llvm::Type* result = nullptr, std::initializer_list<llvm::Value*> args = {}) {
    std::vector<llvm::Type*> types;
    for (llvm::Value* arg : args) types.push_back(arg->getType());
    llvm::Type* type = result == nullptr ? ir_.getInt64Ty() : result;
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(Number(static_cast<uint64_t>(number)), ir_.getPtrTy());
    return ir_.CreateCall(llvm::FunctionType::get(type, types, false), helper, args);
  }

  llvm::Value* Storage(uint64_t flags) {
    llvm::Value* map = ExternalSymbol(module_.module, "map_" + std::to_string(module_.layout.function_calls()));
    llvm::Value* null = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    return Helper(BPF_FUNC_task_storage_get, ir_.getPtrTy(), {map, task_, null, Number(flags)});
  }

  // And leaves.
  void CountLoss(image::LossReason reason) {
    const uint32_t site = module_.layout.LossSite(Body(*cases_[0].probe).span, reason, "call");
    llvm::Value* control = ExternalSymbol(module_.module, "value_" + std::to_string(module_.layout.control()));
    ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, At(control, image::kLossCountersOffset + uint64_t{8} * site),
                        Number(1), llvm::MaybeAlign(8), llvm::AtomicOrdering::Monotonic);
    ir_.CreateBr(out_);
  }

  const std::vector<Case>& cases_;
  bool by_trampoline_;
  std::string section_;
  image::ProgramType type_ = image::ProgramType::kKprobe;
  llvm::IRBuilder<> ir_;
  llvm::Function* entry_ = nullptr;
  llvm::BasicBlock* out_ = nullptr;
  llvm::Value* ctx_ = nullptr;
  llvm::Value* id_ = nullptr;
  llvm::Value* task_ = nullptr;
  llvm::Value* calls_ = nullptr;
};

}  // namespace

void AddFunctionCalls(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& cases) {
  CallProgram(module, options, cases).Build();
}

}  // namespace sonde::codegen
