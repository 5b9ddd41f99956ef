#include "codegen/programs.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/glob.h"
#include "codegen/program_builder.h"
#include "kernel/btf.h"
#include "sema/probe_type.h"

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// Tracepoints that a kernel declares with TRACE_EVENT_CONDITION: the event is recorded under a condition that the raw
// tracepoint of the same name does not know.
constexpr std::array<std::string_view, 12> kConditionalEvents = {"tlb_flush",
                                                                 "mm_page_pcpu_drain",
                                                                 "mm_page_free*",
                                                                 "kfree",
                                                                 "kmem_cache_free",
                                                                 "console",
                                                                 "i2c_*",
                                                                 "smbus_*",
                                                                 "btrfs_get_extent",
                                                                 "svc_*",
                                                                 "xprt_*",
                                                                 "dlm_*"};

bool IsConditional(std::string_view event) {
  for (std::string_view pattern : kConditionalEvents) {
    if (GlobMatch(pattern, event)) return true;
  }
  return false;
}

class Builder : ProgramBuilder {
 public:
  using ProgramBuilder::ProgramBuilder;

  void Run() {
    const std::vector<ProbeInstance>& probes = module_.program.probes;
    std::vector<Case> enters;
    std::vector<Case> exits;
    std::map<std::pair<uint32_t, bool>, std::vector<Case>> uprobes;   // by body, and whether at return
    std::map<std::pair<size_t, uint32_t>, std::vector<Case>> shared;  // by mechanism and body
    std::map<std::pair<size_t, uint32_t>, std::vector<Case>> calls;   // likewise
    std::vector<Case> pairs;
    for (uint32_t id = 0; id < probes.size(); ++id) {
      const auto* syscall = std::get_if<sema::HookSyscall>(&probes[id].hook);
      if (std::holds_alternative<sema::HookSyscallPair>(probes[id].hook)) {
        pairs.push_back({&probes[id], id});
        continue;
      }
      if (IsCall(probes[id])) {
        calls[{probes[id].hook.index(), probes[id].body}].push_back({&probes[id], id});
        continue;
      }
      bool raw = syscall != nullptr && options_.raw_syscalls && !Body(probes[id]).needs_record;
      if (const auto* uprobe = std::get_if<sema::HookUprobe>(&probes[id].hook)) {
        uprobes[{probes[id].body, uprobe->is_return}].push_back({&probes[id], id});
      } else if (SharesCode(probes[id].hook)) {
        shared[{probes[id].hook.index(), probes[id].body}].push_back({&probes[id], id});
      } else if (raw) {
        (syscall->is_exit ? exits : enters).push_back({&probes[id], id});
      } else {
        AddSingle({&probes[id], id});
      }
    }
    for (const auto& [key, cases] : uprobes) AddUprobes(cases);
    AddSyscallPrograms(module_, options_, enters, exits);
    AddSyscallPairs(module_, options_, pairs);
    for (const auto& [kind, cases] : shared) AddShared(cases);
    for (const auto& [kind, cases] : calls) AddFunctionCalls(module_, options_, cases);
    LeaveOutRefused();
  }

 private:
  // A program of one probe.
  void AddSingle(const Case& probe) {
    const ProbeInstance& instance = *probe.probe;
    bool guarded = true;
    ArgsAccess access = ArgsAccess::kNone;
    uint32_t program = 0;
    std::vector<uint32_t> objects;
    std::visit(Overloaded{
                   [&](const sema::HookBegin&) {
                     guarded = false;
                     program = AddProgram(image::ProgramType::kRawTracepoint, "", instance.name, 1);
                     Attach(program, image::RunAtBegin{}, instance, 1);
                   },
                   [&](const sema::HookEnd&) {
                     guarded = false;
                     program = AddProgram(image::ProgramType::kRawTracepoint, "", instance.name, 1);
                     Attach(program, image::RunAtEnd{}, instance, 1);
                   },
                   [&](const sema::HookTest& hook) {
                     guarded = false;
                     program = AddProgram(image::ProgramType::kRawTracepoint, "", instance.name, 1);
                     Attach(program, image::RunTest{hook.name, hook.is_bench}, instance, 1);
                   },
                   [&](const sema::HookInterval& hook) {
                     program = AddProgram(image::ProgramType::kPerfEvent, "", instance.name, 1);
                     Attach(program, image::AttachInterval{hook.period_ns}, instance, 1);
                   },
                   [&](const sema::HookSampling& hook) {
                     program = AddProgram(image::ProgramType::kPerfEvent, "", instance.name, 1);
                     Attach(program, image::AttachSampling{hook.perf_type, hook.config, hook.period}, instance, 1);
                   },
                   [&](const sema::HookSyscall& hook) {
                     access = ArgsAccess::kRecord;
                     program = AddProgram(image::ProgramType::kTracepoint, "", instance.name, 1);
                     Attach(program, image::AttachPerfTracepoint{"syscalls", hook.event, hook.tracepoint_id, 0},
                            instance, 1);
                   },
                   [&](const sema::HookUprobe&) { SONDE_CHECK(!"uprobes are added together"); },
                   [&](const sema::HookSyscallPair&) { SONDE_CHECK(false); },
                   [&](const sema::HookRawTracepoint&) { SONDE_CHECK(!"shares code"); },
                   [&](const sema::HookKprobe&) { SONDE_CHECK(!"shares code"); },
                   [&](const sema::HookFunction&) { SONDE_CHECK(!"shares code"); },
                   [&](const sema::HookSignal& hook) {
                     program = AddProgram(image::ProgramType::kRawTracepoint, "", instance.name, 1);
                     Attach(program, image::RunAtSignal{hook.signal}, instance, 1);
                   },
                   [&](const sema::HookWatchpoint& hook) {
                     program = AddProgram(image::ProgramType::kPerfEvent, "", instance.name, 1);
                     Attach(program, image::AttachWatchpoint{hook.address, hook.length, hook.mode, hook.is_kernel},
                            instance, 1);
                   },
                   [&](const sema::HookIterator& hook) {
                     access = ArgsAccess::kIterator;
                     objects = hook.objects;
                     program = AddProgram(image::ProgramType::kIterator, hook.target, instance.name, 1);
                     Attach(program, image::AttachIterator{hook.target, hook.pin}, instance, 1);
                   },
                   [&](const sema::HookTracepoint& hook) {
                     if (CanBeRaw(hook, Body(instance))) {
                       program = AddProgram(image::ProgramType::kRawTracepoint, "", instance.name, 1);
                       Attach(program, image::AttachRawTracepoint{hook.event}, instance, 1);
                       return;
                     }
                     access = ArgsAccess::kRecord;
                     program = AddProgram(image::ProgramType::kTracepoint, "", instance.name, 1);
                     Attach(program, image::AttachPerfTracepoint{hook.category, hook.event, hook.id, 0}, instance, 1);
                   },
               },
               instance.hook);
    AddEntry(program, {probe}, access, llvm::ConstantInt::get(llvm::Type::getInt64Ty(module_.llvm), probe.id), guarded,
             objects);
  }

  // The entry of a program that runs the one body of these probes, with the number of its probe (null: the link tells it), unless one of
  // the pointers at these offsets of its context is null.
  void AddEntry(uint32_t program, const std::vector<Case>& cases, ArgsAccess access, llvm::Value* probe_id,
                bool guarded, const std::vector<uint32_t>& objects = {}) {
    const uint32_t body_index = cases[0].probe->body;
    std::string section = Image().programs[program].section;
    llvm::Function* entry = NewFunction("entry_" + section, section, true);
    ProgramContext context{module_, section, access};
    context.entry_frames = EntryFrames(Image().programs[program].type, guarded);
    context.leaves_out_readers = module_.leaves_out_readers &&
                                 std::ranges::all_of(cases, [](const Case& one) { return one.probe->is_act; });
    llvm::IRBuilder<> ir(llvm::BasicBlock::Create(module_.llvm, "entry", entry));
    llvm::BasicBlock* out = llvm::BasicBlock::Create(module_.llvm, "out", entry);
    if (guarded) LeaveWhenExiting(ir, entry, out);
    for (uint32_t offset : objects) {
      llvm::Value* at = ir.CreateGEP(ir.getInt8Ty(), entry->getArg(0), ir.getInt64(offset));
      llvm::BasicBlock* there = llvm::BasicBlock::Create(module_.llvm, "there", entry);
      ir.CreateCondBr(ir.CreateIsNull(ir.CreateAlignedLoad(ir.getPtrTy(), at, llvm::Align(8))), out, there);
      ir.SetInsertPoint(there);
    }
    if (probe_id == nullptr) {
      probe_id = ir.getInt64(0);
      if (module_.program.bodies[body_index].uses_probe_name) probe_id = AttachCookie(ir, entry->getArg(0));
    }
    std::map<uint32_t, llvm::Function*> made;
    llvm::Function* body = BodyFunction(context, body_index, true, made);
    llvm::Value* null = llvm::ConstantPointerNull::get(ir.getPtrTy());
    ir.CreateCall(body, {entry->getArg(0), null, probe_id, null, null});
    ir.CreateBr(out);
    ir.SetInsertPoint(out);
    ir.CreateRet(ir.getInt64(0));
  }

  // From a function's beginning to its return, with what is known only when it begins. A trampoline at the return has the
  // arguments too.
  bool IsCall(const ProbeInstance& probe) const {
    if (const auto* uprobe = std::get_if<sema::HookUprobe>(&probe.hook)) return uprobe->is_call;
    if (const auto* kprobe = std::get_if<sema::HookKprobe>(&probe.hook)) return kprobe->is_call;
    const auto* function = std::get_if<sema::HookFunction>(&probe.hook);
    return function != nullptr && function->is_call && Body(probe).needs_enter;
  }

  // A script that does without missing probes does without those that the kernel refuses.
  void LeaveOutRefused() {
    if (module_.program.missing_probes == MissingProbes::kError) return;
    for (image::AttachGroup& group : Image().groups) {
      // Before the last way is given up, the next is tried.
      for (image::Attachment& attachment : group.ways.back()) {
        attachment.is_optional = true;
        attachment.is_quiet = module_.program.missing_probes == MissingProbes::kIgnore;
      }
    }
  }

  static bool SharesCode(const sema::Hook& hook) {
    return std::holds_alternative<sema::HookRawTracepoint>(hook) || std::holds_alternative<sema::HookKprobe>(hook) ||
           std::holds_alternative<sema::HookFunction>(hook);
  }

  // Probes of one mechanism that run one body.
  void AddShared(const std::vector<Case>& cases) {
    std::visit(Overloaded{
                   [&](const sema::HookRawTracepoint&) { AddRawTracepoints(cases); },
                   [&](const sema::HookKprobe&) { AddKprobes(cases); },
                   [&](const sema::HookFunction&) { AddFunctions(cases); },
                   [](const auto&) { SONDE_CHECK(!"shares no code"); },
               },
               cases[0].probe->hook);
  }

  // One program for all, or, where the body wants to know which one fired, a program each that differs in the number
  // alone.
  void AddRawTracepoints(const std::vector<Case>& cases) {
    const bool each = Body(*cases[0].probe).uses_probe_name;
    const auto first = static_cast<uint32_t>(Image().programs.size());
    const auto count = static_cast<uint32_t>(cases.size());
    for (const Case& one : cases) {
      if (each || &one == &cases[0]) AddSharing(first, image::ProgramType::kRawTracepoint, one, each ? 1 : count);
      const auto program = static_cast<uint32_t>(Image().programs.size() - 1);
      Attach(program, image::AttachRawTracepoint{std::get<sema::HookRawTracepoint>(one.probe->hook).event}, *one.probe,
             1);
    }
    AddEntry(first, cases, ArgsAccess::kWords, ProbeIdOfProgram(), true);
  }

  // One program for all, which learns the number of its probe from the link: many by one link where the kernel has
  // such, else each by its own.
  void AddKprobes(const std::vector<Case>& cases) {
    const auto count = static_cast<uint32_t>(cases.size());
    const bool is_return = std::get<sema::HookKprobe>(cases[0].probe->hook).is_return;
    const uint32_t first = AddKprobePrograms(cases, is_return, count);
    AddEntry(first, cases, ArgsAccess::kRegisters, count > 1 ? nullptr : ProbeIdOfProgram(), true);
  }

  void AddFunctions(const std::vector<Case>& cases) {
    const bool is_return = std::get<sema::HookFunction>(cases[0].probe->hook).is_return;
    const uint32_t first = AddFunctionPrograms(cases, is_return, 1);
    AddEntry(first, cases, ArgsAccess::kTrampoline, ProbeIdOfProgram(), true);
  }

  // A raw tracepoint of the same name exists, says the same, and costs a fraction to attach and detach.
  bool CanBeRaw(const sema::HookTracepoint& hook, const sema::Body& body) {
    if (body.args != nullptr || body.needs_record || options_.btf == nullptr || IsConditional(hook.event)) return false;
    return options_.btf->Find(kernel::BtfKind::kTypedef, "btf_trace_" + hook.event).has_value();
  }

  // One program for a body, wherever it is attached. A cookie tells which probe it is, when there are several.
  void AddUprobes(const std::vector<Case>& cases) {
    const ProbeInstance& first = *cases.front().probe;
    auto count = static_cast<uint32_t>(cases.size());
    // The first probe of that name, in whatever body, stands for all of them.
    uint32_t first_id = cases.front().id;
    for (uint32_t id = 0; id < first_id; ++id) {
      if (module_.program.probes[id].name == first.name) first_id = id;
    }
    const bool is_return = std::get<sema::HookUprobe>(first.hook).is_return;
    const uint32_t multi = AddUprobePrograms(cases, is_return, count);
    std::string section = Image().programs[multi].section;
    llvm::Function* entry = NewFunction("entry_" + section, section, true);
    ProgramContext context{module_, section, ArgsAccess::kRegisters};
    context.leaves_out_readers = module_.leaves_out_readers;
    llvm::IRBuilder<> ir(llvm::BasicBlock::Create(module_.llvm, "entry", entry));
    llvm::BasicBlock* out = llvm::BasicBlock::Create(module_.llvm, "out", entry);
    LeaveWhenExiting(ir, entry, out);
    std::map<uint32_t, llvm::Function*> made;
    llvm::Function* body = BodyFunction(context, first.body, true, made);
    llvm::Value* null = llvm::ConstantPointerNull::get(ir.getPtrTy());
    llvm::Value* id = ir.getInt64(first_id);
    if (count > 1 && Body(first).uses_probe_name) id = AttachCookie(ir, entry->getArg(0));
    ir.CreateCall(body, {entry->getArg(0), null, id, null, null});
    ir.CreateBr(out);
    ir.SetInsertPoint(out);
    ir.CreateRet(ir.getInt64(0));
  }

};

}  // namespace

bool WantsBtf(const sema::Program& program) {
  for (const ProbeInstance& probe : program.probes) {
    if (std::holds_alternative<sema::HookSyscall>(probe.hook)) return true;
    if (std::holds_alternative<sema::HookSyscallPair>(probe.hook)) return true;
    if (std::holds_alternative<sema::HookTracepoint>(probe.hook) && program.bodies[probe.body].args == nullptr) {
      return true;
    }
  }
  return false;
}

void BuildPrograms(ModuleContext& module, const ProgramOptions& options) {
  module.leaves_out_readers = PrintsActs(module.program);
  Builder(module, options).Run();
}

}  // namespace sonde::codegen
