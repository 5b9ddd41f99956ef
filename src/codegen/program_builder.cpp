#include "codegen/program_builder.h"

#include <fmt/format.h>

#include <linux/bpf.h>

#include <cctype>
#include <string_view>
#include <utility>

namespace sonde::codegen {

llvm::GlobalVariable* ExternalSymbol(llvm::Module& module, const std::string& name) {
  if (llvm::GlobalVariable* known = module.getGlobalVariable(name)) return known;
  return new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(module.getContext()), false,
                                  llvm::GlobalValue::ExternalLinkage, nullptr, name);
}

llvm::Function* ProgramBuilder::NewFunction(const std::string& name, const std::string& section, bool is_entry) {
  llvm::Type* pointer = llvm::PointerType::get(module_.llvm, 0);
  llvm::Type* i64 = llvm::Type::getInt64Ty(module_.llvm);
  std::vector<llvm::Type*> parameters{pointer};
  if (!is_entry) parameters = {pointer, pointer, i64, pointer, pointer};
  auto linkage = is_entry ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage;
  llvm::Function* function =
      llvm::Function::Create(llvm::FunctionType::get(i64, parameters, false), linkage, name, module_.module);
  function->setSection(section);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  return function;
}

uint32_t ProgramBuilder::AddProgram(image::ProgramType type, std::string attach_to, std::string covers,
                                    uint32_t probes) {
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

void ProgramBuilder::Attach(uint32_t program, image::AttachPlan plan, const ProbeInstance& probe, uint32_t probes) {
  image::Attachment attachment{program, std::move(plan), probe.spec, probes};
  Image().groups.push_back({.ways = {{std::move(attachment)}}});
}

// The program's own frame, and bpf_trace_runN() where it is not the tracer that runs it.
uint32_t EntryFrames(image::ProgramType type, bool is_attached) {
  switch (type) {
    case image::ProgramType::kRawTracepoint:
    case image::ProgramType::kTracingRawTracepoint:
      return is_attached ? 2 : 1;
    case image::ProgramType::kTracepoint:
    case image::ProgramType::kPerfEvent:
    case image::ProgramType::kKprobe:
    case image::ProgramType::kUprobeMulti:
    case image::ProgramType::kKprobeMulti:
    case image::ProgramType::kIterator:
      return 0;
    // The trampoline's frame too.
    case image::ProgramType::kFunctionEntry:
    case image::ProgramType::kFunctionExit:
      return is_attached ? 2 : 1;
  }
  return 0;
}

llvm::Function* ProgramBuilder::BodyFunction(ProgramContext& program, uint32_t body, bool inlined,
                                             std::map<uint32_t, llvm::Function*>& made) {
  auto known = made.find(body);
  if (known != made.end()) return known->second;
  llvm::Function* function = NewFunction(fmt::format("body_{}_{}", program.section, body), program.section, false);
  function->addFnAttr(inlined ? llvm::Attribute::AlwaysInline : llvm::Attribute::NoInline);
  made[body] = function;
  BodyContext(program, module_.program.bodies[body], function).Run();
  return function;
}

void ProgramBuilder::LeaveWhenExiting(llvm::IRBuilder<>& ir, llvm::Function* entry, llvm::BasicBlock* out) {
  llvm::Value* control = ExternalSymbol(module_.module, fmt::format("value_{}", module_.layout.control()));
  llvm::BasicBlock* go_on = llvm::BasicBlock::Create(module_.llvm, "running", entry);
  llvm::Value* exiting = ir.CreateLoad(ir.getInt32Ty(), control, /*isVolatile=*/true);
  ir.CreateCondBr(ir.CreateICmpNE(exiting, ir.getInt32(0)), out, go_on);
  ir.SetInsertPoint(go_on);
}

void ProgramBuilder::AddSharing(uint32_t first, image::ProgramType type, const Case& one, uint32_t probes) {
  const uint32_t program = AddProgram(type, "", probes <= 1 ? one.probe->name : one.probe->spec, probes);
  Image().programs[program].section = Image().programs[first].section;
  Image().programs[program].probe_id = one.id;
}

llvm::Value* ProgramBuilder::ProbeIdOfProgram() {
  llvm::Constant* symbol = module_.module.getOrInsertGlobal("probe_id", llvm::Type::getInt8Ty(module_.llvm));
  return llvm::ConstantExpr::getPtrToInt(symbol, llvm::Type::getInt64Ty(module_.llvm));
}

llvm::Value* ProgramBuilder::AttachCookie(llvm::IRBuilder<>& ir, llvm::Value* ctx) {
  llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(ir.getInt64(BPF_FUNC_get_attach_cookie), ir.getPtrTy());
  return ir.CreateCall(llvm::FunctionType::get(ir.getInt64Ty(), {ir.getPtrTy()}, false), helper, {ctx});
}

namespace {

// By file and process.
std::map<std::pair<std::string, int32_t>, image::AttachUprobes> UprobePlans(const std::vector<Case>& cases,
                                                                            bool is_return) {
  std::map<std::pair<std::string, int32_t>, image::AttachUprobes> plans;
  std::map<std::string_view, uint32_t> ids;
  for (const Case& one : cases) {
    const auto& hook = std::get<sema::HookUprobe>(one.probe->hook);
    image::AttachUprobes& plan = plans[{hook.path, hook.pid}];
    plan.path = hook.path;
    plan.is_return = is_return;
    plan.pid = hook.pid;
    // A probe of several places is one probe to the script.
    const uint32_t id = ids.try_emplace(one.probe->name, one.id).first->second;
    plan.places.push_back({hook.offset, hook.semaphore, id});
  }
  return plans;
}

}  // namespace

uint32_t ProgramBuilder::AddUprobePrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes) {
  const ProbeInstance& first = *cases.front().probe;
  const std::string covers = cases.size() == 1 ? first.name : first.spec;
  const uint32_t multi = AddProgram(image::ProgramType::kUprobeMulti, "", covers, probes);
  Image().programs.push_back(Image().programs[multi]);  // the same code
  Image().programs.back().type = image::ProgramType::kKprobe;
  image::AttachGroup group;
  for (uint32_t program : {multi, multi + 1}) {
    group.ways.emplace_back();
    for (auto& [file, plan] : UprobePlans(cases, is_return)) {
      const auto places = probes == 0 ? 0 : static_cast<uint32_t>(plan.places.size());
      group.ways.back().push_back({program, plan, covers, places});
    }
  }
  Image().groups.push_back(std::move(group));
  return multi;
}

uint32_t ProgramBuilder::AddKprobePrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes) {
  const auto first = static_cast<uint32_t>(Image().programs.size());
  const auto count = static_cast<uint32_t>(cases.size());
  image::AttachGroup group;
  image::AttachKprobeMulti many{.is_return = is_return};
  for (const Case& one : cases) {
    const auto& hook = std::get<sema::HookKprobe>(one.probe->hook);
    if (hook.offset != 0) break;
    many.functions.push_back(hook.function);
    many.cookies.push_back(one.id);
  }
  if (count > 1 && many.functions.size() == count) {
    AddSharing(first, image::ProgramType::kKprobeMulti, cases[0], probes);
    group.ways.push_back({{first, std::move(many), cases[0].probe->spec, probes}});
  }
  const auto program = static_cast<uint32_t>(Image().programs.size());
  AddSharing(first, image::ProgramType::kKprobe, cases[0], probes);
  std::vector<image::Attachment>& one_by_one = group.ways.emplace_back();
  for (const Case& one : cases) {
    const auto& hook = std::get<sema::HookKprobe>(one.probe->hook);
    image::AttachKprobe plan{hook.function, hook.offset, is_return, count > 1 ? one.id : 0};
    one_by_one.push_back({program, std::move(plan), one.probe->name, probes == 0 ? 0U : 1U, hook.is_optional});
  }
  Image().groups.push_back(std::move(group));
  return first;
}

uint32_t ProgramBuilder::AddFunctionPrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes_each) {
  const auto first = static_cast<uint32_t>(Image().programs.size());
  for (const Case& one : cases) {
    const auto& hook = std::get<sema::HookFunction>(one.probe->hook);
    const auto program = static_cast<uint32_t>(Image().programs.size());
    AddSharing(first, is_return ? image::ProgramType::kFunctionExit : image::ProgramType::kFunctionEntry, one,
               probes_each);
    Image().programs[program].attach_to = hook.module + ":" + hook.function;
    image::Attachment attachment{program, image::AttachFunction{hook.function}, one.probe->name, probes_each,
                                 hook.is_optional};
    Image().groups.push_back({.ways = {{std::move(attachment)}}});
  }
  return first;
}

}  // namespace sonde::codegen
