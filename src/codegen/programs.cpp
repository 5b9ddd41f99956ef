#include "codegen/programs.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <array>
#include <map>
#include <set>

#include "base/glob.h"
#include "kernel/btf.h"
#include "sema/probe_type.h"

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

using sema::ProbeInstance;

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

// Bit of thread_info.status that marks a 32-bit system call (arch/x86/include/asm/thread_info.h).
constexpr uint32_t kTsCompat = 2;

struct Case {
  const ProbeInstance* probe = nullptr;
  uint32_t id = 0;
};

class Builder {
 public:
  Builder(ModuleContext& module, const ProgramOptions& options) : module_(module), options_(options) {}

  void Run() {
    const std::vector<ProbeInstance>& probes = module_.program.probes;
    std::vector<Case> enters;
    std::vector<Case> exits;
    std::map<std::pair<uint32_t, bool>, std::vector<Case>> uprobes;  // by body, and whether at return
    for (uint32_t id = 0; id < probes.size(); ++id) {
      const auto* syscall = std::get_if<sema::HookSyscall>(&probes[id].hook);
      bool raw = syscall != nullptr && options_.raw_syscalls && !Body(probes[id]).needs_record;
      if (const auto* uprobe = std::get_if<sema::HookUprobe>(&probes[id].hook)) {
        uprobes[{probes[id].body, uprobe->is_return}].push_back({&probes[id], id});
      } else if (raw) {
        (syscall->is_exit ? exits : enters).push_back({&probes[id], id});
      } else {
        AddSingle({&probes[id], id});
      }
    }
    for (const auto& [key, cases] : uprobes) AddUprobes(cases);
    if (!enters.empty()) AddSyscalls(enters, false);
    if (!exits.empty()) AddSyscalls(exits, true);
  }

 private:
  const sema::Body& Body(const ProbeInstance& probe) const { return module_.program.bodies[probe.body]; }
  image::Image& Image() { return module_.layout.image(); }

  llvm::Function* NewFunction(const std::string& name, const std::string& section, bool is_entry) {
    llvm::Type* pointer = llvm::PointerType::get(module_.llvm, 0);
    llvm::Type* i64 = llvm::Type::getInt64Ty(module_.llvm);
    std::vector<llvm::Type*> parameters{pointer};
    if (!is_entry) parameters = {pointer, pointer, i64, pointer};
    auto linkage = is_entry ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage;
    llvm::Function* function =
        llvm::Function::Create(llvm::FunctionType::get(i64, parameters, false), linkage, name, module_.module);
    function->setSection(section);
    function->addFnAttr(llvm::Attribute::NoUnwind);
    return function;
  }

  uint32_t AddProgram(image::ProgramType type, std::string attach_to, std::string covers, uint32_t probes) {
    auto index = static_cast<uint32_t>(Image().programs.size());
    std::string name = covers.substr(covers.rfind(':') + 1).substr(0, 15);
    for (char& c : name) {
      if (isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    Image().programs.push_back({.section = fmt::format("p{}", index),
                                .name = name,
                                .type = type,
                                .attach_to = std::move(attach_to),
                                .covers = std::move(covers),
                                .probe_count = probes});
    return index;
  }

  void Attach(uint32_t program, image::AttachPlan plan, const ProbeInstance& probe, uint32_t probes) {
    image::Attachment attachment{program, std::move(plan), probe.spec, probes};
    Image().groups.push_back({.ways = {{std::move(attachment)}}});
  }

  // Body functions of one program, each lowered once.
  llvm::Function* BodyFunction(ProgramContext& program, uint32_t body, bool inlined,
                               std::map<uint32_t, llvm::Function*>& made) {
    auto known = made.find(body);
    if (known != made.end()) return known->second;
    llvm::Function* function = NewFunction(fmt::format("body_{}_{}", program.section, body), program.section, false);
    function->addFnAttr(inlined ? llvm::Attribute::AlwaysInline : llvm::Attribute::NoInline);
    made[body] = function;
    BodyContext(program, module_.program.bodies[body], function).Run();
    return function;
  }

  void LeaveWhenExiting(llvm::IRBuilder<>& ir, llvm::Function* entry, llvm::BasicBlock* out) {
    ProgramContext program{module_, std::string(entry->getSection())};
    llvm::GlobalVariable* control = module_.module.getGlobalVariable(fmt::format("value_{}", module_.layout.control()));
    if (control == nullptr) {
      control = new llvm::GlobalVariable(module_.module, ir.getInt8Ty(), false, llvm::GlobalValue::ExternalLinkage,
                                         nullptr, fmt::format("value_{}", module_.layout.control()));
    }
    llvm::BasicBlock* go_on = llvm::BasicBlock::Create(module_.llvm, "running", entry);
    llvm::Value* exiting = ir.CreateLoad(ir.getInt32Ty(), control, /*isVolatile=*/true);
    ir.CreateCondBr(ir.CreateICmpNE(exiting, ir.getInt32(0)), out, go_on);
    ir.SetInsertPoint(go_on);
  }

  // A program of one probe.
  void AddSingle(const Case& probe) {
    const ProbeInstance& instance = *probe.probe;
    bool guarded = true;
    ArgsAccess access = ArgsAccess::kNone;
    uint32_t program = 0;
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
    std::string section = Image().programs[program].section;
    llvm::Function* entry = NewFunction("entry_" + section, section, true);
    ProgramContext context{module_, section, access};
    llvm::IRBuilder<> ir(llvm::BasicBlock::Create(module_.llvm, "entry", entry));
    llvm::BasicBlock* out = llvm::BasicBlock::Create(module_.llvm, "out", entry);
    if (guarded) LeaveWhenExiting(ir, entry, out);
    std::map<uint32_t, llvm::Function*> made;
    llvm::Function* body = BodyFunction(context, instance.body, true, made);
    llvm::Value* null = llvm::ConstantPointerNull::get(ir.getPtrTy());
    ir.CreateCall(body, {entry->getArg(0), null, ir.getInt64(probe.id), null});
    ir.CreateBr(out);
    ir.SetInsertPoint(out);
    ir.CreateRet(ir.getInt64(0));
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
    llvm::IRBuilder<> ir(llvm::BasicBlock::Create(module_.llvm, "entry", entry));
    llvm::BasicBlock* out = llvm::BasicBlock::Create(module_.llvm, "out", entry);
    LeaveWhenExiting(ir, entry, out);
    std::map<uint32_t, llvm::Function*> made;
    llvm::Function* body = BodyFunction(context, first.body, true, made);
    llvm::Value* null = llvm::ConstantPointerNull::get(ir.getPtrTy());
    llvm::Value* id = ir.getInt64(cases.front().id);
    if (count > 1 && Body(first).uses_probe_name) id = AttachCookie(ir, entry->getArg(0));
    ir.CreateCall(body, {entry->getArg(0), null, id, null});
    ir.CreateBr(out);
    ir.SetInsertPoint(out);
    ir.CreateRet(ir.getInt64(0));
  }

  // By file and process.
  static std::map<std::pair<std::string, int32_t>, image::AttachUprobes> UprobePlans(const std::vector<Case>& cases) {
    std::map<std::pair<std::string, int32_t>, image::AttachUprobes> plans;
    for (const Case& one : cases) {
      const auto& hook = std::get<sema::HookUprobe>(one.probe->hook);
      image::AttachUprobes& plan = plans[{hook.path, hook.pid}];
      plan.path = hook.path;
      plan.is_return = hook.is_return;
      plan.pid = hook.pid;
      plan.places.push_back({hook.offset, hook.semaphore, one.id});
    }
    return plans;
  }

  llvm::Value* AttachCookie(llvm::IRBuilder<>& ir, llvm::Value* ctx) {
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(ir.getInt64(BPF_FUNC_get_attach_cookie), ir.getPtrTy());
    return ir.CreateCall(llvm::FunctionType::get(ir.getInt64Ty(), {ir.getPtrTy()}, false), helper, {ctx});
  }

  // All system calls of one direction in one program: the number picks the bodies.
  void AddSyscalls(const std::vector<Case>& cases, bool is_exit) {
    const char* event = is_exit ? "sys_exit" : "sys_enter";
    auto count = static_cast<uint32_t>(cases.size());
    std::string covers = count == 1 ? cases[0].probe->name : fmt::format("tracepoint:syscalls:{}_*", event);
    uint32_t program = AddProgram(image::ProgramType::kTracingRawTracepoint, event, covers, count);
    Attach(program, image::AttachRawTracepoint{""}, *cases[0].probe, count);

    std::string section = Image().programs[program].section;
    llvm::Function* entry = NewFunction("entry_" + section, section, true);
    ProgramContext context{module_, section, is_exit ? ArgsAccess::kSyscallExit : ArgsAccess::kSyscallEnter};
    llvm::IRBuilder<> ir(llvm::BasicBlock::Create(module_.llvm, "entry", entry));
    llvm::BasicBlock* out = llvm::BasicBlock::Create(module_.llvm, "out", entry);
    llvm::Value* ctx = entry->getArg(0);
    llvm::Value* regs = ir.CreateAlignedLoad(ir.getPtrTy(), ctx, llvm::Align(8));
    llvm::Value* number_at = is_exit ? ir.CreateGEP(ir.getInt8Ty(), regs, ir.getInt64(120))
                                     : ir.CreateGEP(ir.getInt8Ty(), ctx, ir.getInt64(8));
    llvm::Value* number = ir.CreateAlignedLoad(ir.getInt64Ty(), number_at, llvm::Align(8));

    std::map<int, std::vector<Case>> by_number;
    std::map<uint32_t, int> uses;
    for (const Case& one : cases) {
      by_number[std::get<sema::HookSyscall>(one.probe->hook).number].push_back(one);
      ++uses[one.probe->body];
    }
    llvm::BasicBlock* matched = llvm::BasicBlock::Create(module_.llvm, "matched", entry);
    // With few numbers most calls are none of ours: they leave first. With many, nearly all are.
    if (by_number.size() <= 16) {
      llvm::SwitchInst* filter = ir.CreateSwitch(number, out, static_cast<unsigned>(by_number.size()));
      for (const auto& [key, list] : by_number) filter->addCase(ir.getInt64(static_cast<uint64_t>(key)), matched);
    } else {
      ir.CreateBr(matched);
    }
    ir.SetInsertPoint(matched);
    LeaveWhenExiting(ir, entry, out);
    llvm::Value* task = CurrentTask(ir);
    LeaveWhenCompat(ir, entry, task, out);
    llvm::SwitchInst* dispatch = ir.CreateSwitch(number, out, static_cast<unsigned>(by_number.size()));
    std::map<uint32_t, llvm::Function*> made;
    for (const auto& [key, list] : by_number) {
      llvm::BasicBlock* block = llvm::BasicBlock::Create(module_.llvm, "call", entry);
      dispatch->addCase(ir.getInt64(static_cast<uint64_t>(key)), block);
      llvm::IRBuilder<> in_case(block);
      for (const Case& one : list) {
        bool inlined = uses[one.probe->body] == 1 && uses.size() <= 4;
        llvm::Function* body = BodyFunction(context, one.probe->body, inlined, made);
        in_case.CreateCall(body, {ctx, regs, in_case.getInt64(one.id), task});
      }
      in_case.CreateBr(out);
    }
    ir.SetInsertPoint(out);
    ir.CreateRet(ir.getInt64(0));
  }

  llvm::Value* CurrentTask(llvm::IRBuilder<>& ir) {
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(ir.getInt64(BPF_FUNC_get_current_task_btf), ir.getPtrTy());
    return ir.CreateCall(llvm::FunctionType::get(ir.getPtrTy(), false), helper, {});
  }

  // 32-bit tasks number their calls differently; the perf path drops them as well.
  void LeaveWhenCompat(llvm::IRBuilder<>& ir, llvm::Function* entry, llvm::Value* task, llvm::BasicBlock* out) {
    llvm::Value* at = ir.CreateGEP(ir.getInt8Ty(), task, ir.getInt64(module_.facts.task.status));
    llvm::Value* status = ir.CreateAlignedLoad(ir.getInt32Ty(), at, llvm::Align(4));
    llvm::BasicBlock* native = llvm::BasicBlock::Create(module_.llvm, "native", entry);
    llvm::Value* compat = ir.CreateAnd(status, ir.getInt32(kTsCompat));
    ir.CreateCondBr(ir.CreateICmpNE(compat, ir.getInt32(0)), out, native);
    ir.SetInsertPoint(native);
  }

  ModuleContext& module_;
  const ProgramOptions& options_;
};

}  // namespace

bool WantsBtf(const sema::Program& program) {
  for (const ProbeInstance& probe : program.probes) {
    if (std::holds_alternative<sema::HookSyscall>(probe.hook)) return true;
    if (std::holds_alternative<sema::HookTracepoint>(probe.hook) && program.bodies[probe.body].args == nullptr) {
      return true;
    }
  }
  return false;
}

void BuildPrograms(ModuleContext& module, const ProgramOptions& options) { Builder(module, options).Run(); }

}  // namespace sonde::codegen
