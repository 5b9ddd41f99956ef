// Programs on the raw tracepoints of all system calls, in which the number picks the bodies.
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <set>

#include "codegen/program_builder.h"
#include "sema/diagnostic_ids.h"
#include "sema/probe_type.h"

namespace sonde::codegen {
namespace {

// Bit of thread_info.status that marks a 32-bit system call (arch/x86/include/asm/thread_info.h).
constexpr uint32_t kTsCompat = 2;

// Offsets in struct pt_regs: the number of the call, and its arguments in order.
constexpr uint64_t kOrigAx = 120;
constexpr std::array<uint64_t, 6> kRegisters = {112, 104, 96, 56, 72, 64};

// Numbers that mean something of their own (arch/x86/entry/syscalls): calls that return in a child as well, with 0, and
// those that begin another program.
constexpr std::array<int, 4> kForks = {56, 57, 58, 435};  // clone, fork, vfork, clone3
constexpr int kExecve = 59;
constexpr int kExecveat = 322;
constexpr int kExecve32 = 11;

bool IsExec(int number) { return number == kExecve || number == kExecveat; }

int NumberOf(const Case& one) {
  const auto* pair = std::get_if<sema::HookSyscallPair>(&one.probe->hook);
  return pair != nullptr ? pair->number : std::get<sema::HookSyscall>(one.probe->hook).number;
}

// One program. `covers` and how many probes it is reported to serve are for messages.
class SyscallProgram : ProgramBuilder {
 public:
  SyscallProgram(ModuleContext& module, const ProgramOptions& options, ArgsAccess access,
                 const std::vector<Case>& cases, const std::string& covers, uint32_t probes)
      : ProgramBuilder(module, options), access_(access), ir_(module.llvm) {
    const bool is_enter = access == ArgsAccess::kSyscallEnter;
    const char* event = is_enter ? "sys_enter" : "sys_exit";
    uint32_t program = AddProgram(image::ProgramType::kTracingRawTracepoint, event, covers, probes);
    Attach(program, image::AttachRawTracepoint{""}, *cases[0].probe, probes);
    section_ = Image().programs[program].section;
    for (const Case& one : cases) by_number_[NumberOf(one)].push_back(one);

    entry_ = NewFunction("entry_" + section_, section_, true);
    ir_.SetInsertPoint(NewBlock("entry"));
    out_ = NewBlock("out");
    ctx_ = entry_->getArg(0);
    regs_ = ir_.CreateAlignedLoad(ir_.getPtrTy(), ctx_, llvm::Align(8));
    number_ = LoadWord(is_enter ? At(ctx_, 8) : At(regs_, kOrigAx));
    call_ = llvm::ConstantPointerNull::get(ir_.getPtrTy());
  }

  // Bodies at the beginning of calls, or at their end.
  void BuildDirection() {
    LeaveOnOtherNumbers();
    LeaveWhenCompat();
    CallBodies();
  }

  // Notes what the end of a call will not tell.
  void BuildBeginnings() {
    LeaveOnOtherNumbers();
    LeaveWhenCompat();
    call_ = TaskStorage(BPF_LOCAL_STORAGE_GET_F_CREATE);
    llvm::BasicBlock* kept = NewBlock("kept");
    llvm::BasicBlock* lost = NewBlock("lost");
    ir_.CreateCondBr(ir_.CreateIsNull(call_), lost, kept);
    ir_.SetInsertPoint(lost);
    CountLoss();
    ir_.CreateBr(out_);
    ir_.SetInsertPoint(kept);
    for (size_t i = 0; HasExec() && i < kRegisters.size(); ++i) {
      StoreWord(LoadWord(At(regs_, kRegisters[i])), At(call_, offsetof(image::CallStart, arguments) + 8 * i));
    }
    StoreWord(number_, At(call_, offsetof(image::CallStart, number)));
    StoreWord(Helper(BPF_FUNC_ktime_get_ns), At(call_, offsetof(image::CallStart, start_ns)));
    ir_.CreateBr(out_);
    Return();
  }

  // Bodies at the end of calls, `are_noted` when some of them need the beginning.
  void BuildPairs(bool are_noted) {
    LeaveOnOtherNumbers();
    if (are_noted) TakeBeginning();
    if (HasExec()) {
      LeaveUnlessNative();
    } else {
      LeaveWhenCompat();
    }
    CallBodies();
  }

 private:
  using Words = std::initializer_list<llvm::Value*>;

  llvm::BasicBlock* NewBlock(const char* name) { return llvm::BasicBlock::Create(module_.llvm, name, entry_); }
  llvm::ConstantInt* Number(int64_t number) { return ir_.getInt64(static_cast<uint64_t>(number)); }
  llvm::Value* At(llvm::Value* pointer, uint64_t offset) {
    return ir_.CreateGEP(ir_.getInt8Ty(), pointer, ir_.getInt64(offset));
  }
  llvm::Value* LoadWord(llvm::Value* at) { return ir_.CreateAlignedLoad(ir_.getInt64Ty(), at, llvm::Align(8)); }
  void StoreWord(llvm::Value* value, llvm::Value* at) { ir_.CreateAlignedStore(value, at, llvm::Align(8)); }
  llvm::Value* Helper(int number, llvm::Type* result = nullptr, Words args = {}) {
    std::vector<llvm::Type*> types;
    for (llvm::Value* arg : args) types.push_back(arg->getType());
    llvm::Type* type = result == nullptr ? ir_.getInt64Ty() : result;
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(Number(number), ir_.getPtrTy());
    return ir_.CreateCall(llvm::FunctionType::get(type, types, false), helper, args);
  }

  bool HasExec() const { return by_number_.contains(kExecve) || by_number_.contains(kExecveat); }

  bool NeedsBeginning(const Case& one) const {
    return access_ == ArgsAccess::kSyscallPair && (Body(*one.probe).needs_enter || IsExec(NumberOf(one)));
  }

  void Return() {
    ir_.SetInsertPoint(out_);
    ir_.CreateRet(ir_.getInt64(0));
  }

  // With few numbers most calls are none of ours: they leave first. With many, nearly all are.
  void LeaveOnOtherNumbers() {
    std::set<int> numbers;
    for (const auto& [number, list] : by_number_) numbers.insert(number);
    if (HasExec() && access_ == ArgsAccess::kSyscallPair) numbers.insert({kExecve, kExecveat, kExecve32});
    llvm::BasicBlock* matched = NewBlock("matched");
    if (numbers.size() <= 16) {
      llvm::SwitchInst* filter = ir_.CreateSwitch(number_, out_, static_cast<unsigned>(numbers.size()));
      for (int number : numbers) filter->addCase(Number(number), matched);
    } else {
      ir_.CreateBr(matched);
    }
    ir_.SetInsertPoint(matched);
    LeaveWhenExiting(ir_, entry_, out_);
    task_ = Helper(BPF_FUNC_get_current_task_btf, ir_.getPtrTy());
  }

  // 32-bit tasks number their calls differently; the perf path drops them as well.
  void LeaveWhenCompat() {
    llvm::Value* status = ir_.CreateAlignedLoad(ir_.getInt32Ty(), At(task_, module_.facts.task.status), llvm::Align(4));
    llvm::BasicBlock* native = NewBlock("native");
    llvm::Value* compat = ir_.CreateAnd(status, ir_.getInt32(kTsCompat));
    ir_.CreateCondBr(ir_.CreateICmpNE(compat, ir_.getInt32(0)), out_, native);
    ir_.SetInsertPoint(native);
  }

  void CallBodies() {
    ProgramContext context{module_, section_, access_};
    context.entry_frames = EntryFrames(image::ProgramType::kTracingRawTracepoint, true);
    context.leaves_out_readers = module_.leaves_out_readers;
    std::map<uint32_t, int> uses;
    for (const auto& [number, list] : by_number_) {
      for (const Case& one : list) ++uses[one.probe->body];
    }
    llvm::SwitchInst* dispatch = ir_.CreateSwitch(number_, out_, static_cast<unsigned>(by_number_.size()));
    std::map<uint32_t, llvm::Function*> made;
    for (const auto& [number, list] : by_number_) {
      llvm::BasicBlock* block = NewBlock("call");
      dispatch->addCase(Number(number), block);
      ir_.SetInsertPoint(block);
      if (access_ == ArgsAccess::kSyscallPair) LeaveInChild(number);
      for (const Case& one : list) {
        bool inlined = uses[one.probe->body] == 1 && uses.size() <= 4;
        llvm::BasicBlock* next = NeedsBeginning(one) ? SkipUnlessPaired(number) : nullptr;
        llvm::Function* body = BodyFunction(context, one.probe->body, inlined, made);
        uint64_t high = access_ == ArgsAccess::kSyscallPair ? static_cast<uint64_t>(number) << 32 : 0;
        ir_.CreateCall(body, {ctx_, regs_, ir_.getInt64(high | one.id), task_, call_});
        if (next == nullptr) continue;
        ir_.CreateBr(next);
        ir_.SetInsertPoint(next);
      }
      ir_.CreateBr(out_);
    }
    Return();
  }

  // --- beginnings

  llvm::Value* TaskStorage(uint64_t flags) {
    llvm::Value* map = ExternalSymbol(module_.module, fmt::format("map_{}", module_.layout.calls()));
    llvm::Value* null = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    return Helper(BPF_FUNC_task_storage_get, ir_.getPtrTy(), {map, task_, null, ir_.getInt64(flags)});
  }

  void CountLoss() {
    Span span = Body(*by_number_.begin()->second.front().probe).span;
    uint32_t site = module_.layout.LossSite(span, image::LossReason::kNoTaskStorage, "syscall");
    llvm::Value* control = ExternalSymbol(module_.module, fmt::format("value_{}", module_.layout.control()));
    ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, At(control, image::kLossCountersOffset + uint64_t{8} * site),
                        ir_.getInt64(1), llvm::MaybeAlign(8), llvm::AtomicOrdering::Monotonic);
  }

  // A task is in one call at a time. What was noted is taken once: an end without a beginning finds nothing. Sets
  // `call_`, and `noted_` to the number, kNoCall where there is none.
  void TakeBeginning() {
    llvm::Value* now = Helper(BPF_FUNC_ktime_get_ns);
    call_ = TaskStorage(0);
    llvm::BasicBlock* before = ir_.GetInsertBlock();
    llvm::BasicBlock* take = NewBlock("take");
    llvm::BasicBlock* taken = NewBlock("taken");
    ir_.CreateCondBr(ir_.CreateIsNull(call_), taken, take);
    ir_.SetInsertPoint(take);
    llvm::Value* number_at = At(call_, offsetof(image::CallStart, number));
    llvm::Value* start_at = At(call_, offsetof(image::CallStart, start_ns));
    llvm::Value* number = LoadWord(number_at);
    StoreWord(Number(image::kNoCall), number_at);
    StoreWord(ir_.CreateSub(now, LoadWord(start_at)), start_at);
    ir_.CreateBr(taken);
    ir_.SetInsertPoint(taken);
    llvm::PHINode* noted = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    noted->addIncoming(Number(image::kNoCall), before);
    noted->addIncoming(number, take);
    noted_ = noted;
  }

  // The program that an execve begins may be one of 32 bits, and execveat ends under the number of execve.
  void LeaveUnlessNative() {
    llvm::BasicBlock* other = NewBlock("other");
    llvm::BasicBlock* known = NewBlock("known");
    llvm::Value* is_exec =
        ir_.CreateOr(ir_.CreateICmpEQ(noted_, Number(kExecve)), ir_.CreateICmpEQ(noted_, Number(kExecveat)));
    llvm::BasicBlock* before = ir_.GetInsertBlock();
    ir_.CreateCondBr(is_exec, known, other);
    ir_.SetInsertPoint(other);
    LeaveWhenCompat();
    other = ir_.GetInsertBlock();
    ir_.CreateBr(known);
    ir_.SetInsertPoint(known);
    llvm::PHINode* number = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    number->addIncoming(noted_, before);
    number->addIncoming(number_, other);
    number_ = number;
  }

  // Goes on where the beginning of this call was noted; returns the block behind what follows.
  llvm::BasicBlock* SkipUnlessPaired(int number) {
    llvm::BasicBlock* noted = NewBlock("noted");
    llvm::BasicBlock* paired = NewBlock("paired");
    llvm::BasicBlock* next = NewBlock("next");
    ir_.CreateCondBr(ir_.CreateIsNull(call_), next, noted);
    ir_.SetInsertPoint(noted);
    ir_.CreateCondBr(ir_.CreateICmpEQ(noted_, Number(number)), paired, next);
    ir_.SetInsertPoint(paired);
    return next;
  }

  // Where a fork returns in the child, no call began there.
  void LeaveInChild(int number) {
    if (std::ranges::find(kForks, number) == kForks.end()) return;
    llvm::BasicBlock* parent = NewBlock("parent");
    ir_.CreateCondBr(ir_.CreateICmpEQ(LoadWord(At(ctx_, 8)), ir_.getInt64(0)), out_, parent);
    ir_.SetInsertPoint(parent);
  }

  ArgsAccess access_;
  std::string section_;
  std::map<int, std::vector<Case>> by_number_;
  llvm::IRBuilder<> ir_;
  llvm::Function* entry_ = nullptr;
  llvm::BasicBlock* out_ = nullptr;
  llvm::Value* ctx_ = nullptr;
  llvm::Value* regs_ = nullptr;
  llvm::Value* number_ = nullptr;
  llvm::Value* task_ = nullptr;
  llvm::Value* call_ = nullptr;   // image::CallStart; null where there is none
  llvm::Value* noted_ = nullptr;  // its number
};

void AddDirection(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& cases,
                  ArgsAccess access) {
  if (cases.empty()) return;
  const char* all =
      access == ArgsAccess::kSyscallExit ? "tracepoint:syscalls:sys_exit_*" : "tracepoint:syscalls:sys_enter_*";
  SyscallProgram(module, options, access, cases, cases.size() == 1 ? cases[0].probe->name : all,
                 static_cast<uint32_t>(cases.size()))
      .BuildDirection();
}

}  // namespace

void AddSyscallPrograms(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& enters,
                        const std::vector<Case>& exits) {
  AddDirection(module, options, enters, ArgsAccess::kSyscallEnter);
  AddDirection(module, options, exits, ArgsAccess::kSyscallExit);
}

// The registers still hold the arguments when a call ends, so that most bodies need no program at its beginning. Those
// of execve do, which clears the registers.
void AddSyscallPairs(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& pairs) {
  if (pairs.empty()) return;
  if (!options.raw_syscalls) {
    module.diagnostics
        .Error(sema::kProbeUnavailable, module.program.bodies[pairs[0].probe->body].span,
               "syscall: probes need the kernel's type information (CONFIG_DEBUG_INFO_BTF)")
        .Hint("tracepoint:syscalls:sys_enter_name and sys_exit_name do without");
    return;
  }
  std::vector<Case> noted;
  for (const Case& one : pairs) {
    if (module.program.bodies[one.probe->body].needs_enter || IsExec(NumberOf(one))) noted.push_back(one);
  }
  const std::string covers = pairs.size() == 1 ? pairs[0].probe->name : "syscall:*";
  if (!noted.empty()) {
    SyscallProgram(module, options, ArgsAccess::kSyscallEnter, noted, covers, 0).BuildBeginnings();
  }
  SyscallProgram(module, options, ArgsAccess::kSyscallPair, pairs, covers, static_cast<uint32_t>(pairs.size()))
      .BuildPairs(!noted.empty());
}

}  // namespace sonde::codegen
