// No feedback: what a reader of the output does, because it reads, is not printed.
//
// Who reads is known when the script is loaded: the loader fills in "reader_<slot>", 0 in the slots that are not used,
// and the verifier then takes what compares with those out of the program.
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>

#include "codegen/program_builder.h"

namespace sonde::codegen {

namespace {

// Weak: LLVM would else know that an address is never 0.
llvm::Constant* ReaderSlot(llvm::Module& module, uint32_t slot) {
  const std::string name = fmt::format("reader_{}", slot);
  llvm::GlobalVariable* symbol = module.getGlobalVariable(name);
  if (symbol == nullptr) {
    symbol = new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(module.getContext()), false,
                                      llvm::GlobalValue::ExternalWeakLinkage, nullptr, name);
  }
  return llvm::ConstantExpr::getPtrToInt(symbol, llvm::Type::getInt64Ty(module.getContext()));
}

}  // namespace

bool PrintsActs(const sema::Program& program) {
  return std::ranges::any_of(program.probes, [&](const sema::ProbeInstance& probe) {
    return probe.is_act && program.bodies[probe.body].prints;
  });
}

// The current process, as the tracer's own namespace numbers it.
llvm::Value* BodyContext::ProcessId() {
  const KernelFacts& facts = module().facts;
  if (facts.pid_namespace.inode != 0) {
    llvm::Value* ids = Temporary(8);  // struct bpf_pidns_info: the thread, then the process
    ir_.CreateAlignedStore(I64(0), ids, llvm::Align(8));
    Helper(BPF_FUNC_get_ns_current_pid_tgid,
           {I64(facts.pid_namespace.device), I64(facts.pid_namespace.inode), ids, I64(8)});
    return ir_.CreateLShr(ir_.CreateAlignedLoad(ir_.getInt64Ty(), ids, llvm::Align(8)), I64(32));
  }
  if (task() == nullptr) return ir_.CreateLShr(Helper(BPF_FUNC_get_current_pid_tgid, {}), I64(32));
  llvm::Value* at = At(task(), uint64_t{facts.task.tgid});
  return ir_.CreateZExt(ir_.CreateAlignedLoad(ir_.getInt32Ty(), at, llvm::Align(4)), ir_.getInt64Ty());
}

// Behind the predicate: what it refuses was not to be seen anyway.
void BodyContext::LeaveOutReaders(llvm::BasicBlock* refused) {
  layout().image().leaves_out_readers = true;
  llvm::Value* process = ProcessId();
  llvm::BasicBlock* wanted = NewBlock("wanted");
  llvm::BasicBlock* left_out = NewBlock("left_out");
  llvm::PHINode* counter = llvm::PHINode::Create(ir_.getInt64Ty(), image::kReaderSlots, "", left_out);
  for (uint32_t slot = 0; slot < image::kReaderSlots; ++slot) {
    llvm::Constant* reader = ReaderSlot(module().module, slot);
    llvm::BasicBlock* used = NewBlock("used");
    llvm::BasicBlock* next = slot + 1 < image::kReaderSlots ? NewBlock("next") : wanted;
    ir_.CreateCondBr(ir_.CreateICmpEQ(reader, I64(0)), wanted, used);
    ir_.SetInsertPoint(used);
    counter->addIncoming(I64(offsetof(image::Control, left_out) + sizeof(uint64_t) * slot), used);
    ir_.CreateCondBr(ir_.CreateICmpEQ(reader, process), left_out, next);
    ir_.SetInsertPoint(next);
  }
  ir_.SetInsertPoint(left_out);
  ir_.CreateAtomicRMW(llvm::AtomicRMWInst::Add, At(ControlField(0), counter), I64(1), llvm::MaybeAlign(8),
                      llvm::AtomicOrdering::Monotonic);
  ir_.CreateBr(refused);
  ir_.SetInsertPoint(wanted);
}

}  // namespace sonde::codegen
