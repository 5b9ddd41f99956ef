#include "codegen/program_builder.h"

#include <fmt/format.h>

#include <cctype>

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

}  // namespace sonde::codegen
