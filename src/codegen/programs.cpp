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
    std::vector<Case> pairs;
    for (uint32_t id = 0; id < probes.size(); ++id) {
      const auto* syscall = std::get_if<sema::HookSyscall>(&probes[id].hook);
      if (std::holds_alternative<sema::HookSyscallPair>(probes[id].hook)) {
        pairs.push_back({&probes[id], id});
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

  // What the loader fills in for each program of a section.
  llvm::Value* ProbeIdOfProgram() {
    llvm::Constant* symbol = module_.module.getOrInsertGlobal("probe_id", llvm::Type::getInt8Ty(module_.llvm));
    return llvm::ConstantExpr::getPtrToInt(symbol, llvm::Type::getInt64Ty(module_.llvm));
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
    const auto first = static_cast<uint32_t>(Image().programs.size());
    const auto count = static_cast<uint32_t>(cases.size());
    image::AttachGroup group;
    image::AttachKprobeMulti many{.is_return = std::get<sema::HookKprobe>(cases[0].probe->hook).is_return};
    for (const Case& one : cases) {
      const auto& hook = std::get<sema::HookKprobe>(one.probe->hook);
      if (hook.offset != 0) break;
      many.functions.push_back(hook.function);
      many.cookies.push_back(one.id);
    }
    if (count > 1 && many.functions.size() == count) {
      AddSharing(first, image::ProgramType::kKprobeMulti, cases[0], count);
      group.ways.push_back({{first, std::move(many), cases[0].probe->spec, count}});
    }
    const auto program = static_cast<uint32_t>(Image().programs.size());
    AddSharing(first, image::ProgramType::kKprobe, cases[0], count);
    std::vector<image::Attachment>& one_by_one = group.ways.emplace_back();
    for (const Case& one : cases) {
      const auto& hook = std::get<sema::HookKprobe>(one.probe->hook);
      image::AttachKprobe plan{hook.function, hook.offset, hook.is_return, count > 1 ? one.id : 0};
      one_by_one.push_back({program, std::move(plan), one.probe->name, 1, hook.is_optional});
    }
    Image().groups.push_back(std::move(group));
    AddEntry(first, cases, ArgsAccess::kRegisters, count > 1 ? nullptr : ProbeIdOfProgram(), true);
  }

  // A program each, since it is loaded for its function; they share their instructions.
  void AddFunctions(const std::vector<Case>& cases) {
    const auto first = static_cast<uint32_t>(Image().programs.size());
    for (const Case& one : cases) {
      const auto& hook = std::get<sema::HookFunction>(one.probe->hook);
      const auto program = static_cast<uint32_t>(Image().programs.size());
      AddSharing(first, hook.is_return ? image::ProgramType::kFunctionExit : image::ProgramType::kFunctionEntry, one,
                 1);
      Image().programs[program].attach_to = hook.module + ":" + hook.function;
      image::Attachment attachment{program, image::AttachFunction{hook.function}, one.probe->name, 1, hook.is_optional};
      Image().groups.push_back({.ways = {{std::move(attachment)}}});
    }
    AddEntry(first, cases, ArgsAccess::kTrampoline, ProbeIdOfProgram(), true);
  }

  // A program whose code is that of program `first`.
  void AddSharing(uint32_t first, image::ProgramType type, const Case& one, uint32_t probes) {
    const uint32_t program = AddProgram(type, "", probes == 1 ? one.probe->name : one.probe->spec, probes);
    Image().programs[program].section = Image().programs[first].section;
    Image().programs[program].probe_id = one.id;
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
    std::string covers = count == 1 ? first.name : first.spec;
    // The first probe of that name, in whatever body, stands for all of them.
    uint32_t first_id = cases.front().id;
    for (uint32_t id = 0; id < first_id; ++id) {
      if (module_.program.probes[id].name == first.name) first_id = id;
    }
    uint32_t multi = AddProgram(image::ProgramType::kUprobeMulti, "", covers, count);
    Image().programs.push_back(Image().programs[multi]);  // the same code
    Image().programs.back().type = image::ProgramType::kKprobe;
    image::AttachGroup group;
    for (uint32_t program : {multi, multi + 1}) {
      group.ways.emplace_back();
      for (auto& [file, plan] : UprobePlans(cases)) {
        auto places = static_cast<uint32_t>(plan.places.size());
        group.ways.back().push_back({program, plan, covers, places});
      }
    }
    Image().groups.push_back(std::move(group));

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

  // By file and process.
  static std::map<std::pair<std::string, int32_t>, image::AttachUprobes> UprobePlans(const std::vector<Case>& cases) {
    std::map<std::pair<std::string, int32_t>, image::AttachUprobes> plans;
    std::map<std::string_view, uint32_t> ids;
    for (const Case& one : cases) {
      const auto& hook = std::get<sema::HookUprobe>(one.probe->hook);
      image::AttachUprobes& plan = plans[{hook.path, hook.pid}];
      plan.path = hook.path;
      plan.is_return = hook.is_return;
      plan.pid = hook.pid;
      // A probe of several places is one probe to the script.
      const uint32_t id = ids.try_emplace(one.probe->name, one.id).first->second;
      plan.places.push_back({hook.offset, hook.semaphore, id});
    }
    return plans;
  }

  llvm::Value* AttachCookie(llvm::IRBuilder<>& ir, llvm::Value* ctx) {
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(ir.getInt64(BPF_FUNC_get_attach_cookie), ir.getPtrTy());
    return ir.CreateCall(llvm::FunctionType::get(ir.getInt64Ty(), {ir.getPtrTy()}, false), helper, {ctx});
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
