#include <fmt/format.h>
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/BasicAliasAnalysis.h>
#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/Analysis/MemorySSA.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/IR/PassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <sys/stat.h>

#include <memory>

#include "codegen/c_module.h"
#include "codegen/codegen.h"
#include "codegen/programs.h"
#include "kernel/btf.h"
#include "sema/diagnostic_ids.h"

namespace sonde::codegen {
namespace {

// Takes what the back end would print and exit over.
struct BackEndErrors : llvm::DiagnosticHandler {
  explicit BackEndErrors(std::string& out) : text(out) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error) return true;
    llvm::raw_string_ostream stream(text);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    stream << "\n";
    return true;
  }
  std::string& text;
};

std::unique_ptr<llvm::TargetMachine> MakeTargetMachine() {
  LLVMInitializeBPFTargetInfo();
  LLVMInitializeBPFTarget();
  LLVMInitializeBPFTargetMC();
  LLVMInitializeBPFAsmPrinter();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget("bpfel", error);
  SONDE_CHECK(target != nullptr);
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine("bpfel", "v3", "", {}, std::nullopt));
}

// Bodies that are called once become part of their program.
void InlineMarked(llvm::Module& module) {
  std::vector<llvm::Function*> marked;
  for (llvm::Function& function : module) {
    if (function.hasFnAttribute(llvm::Attribute::AlwaysInline)) marked.push_back(&function);
  }
  for (llvm::Function* function : marked) {
    std::vector<llvm::CallBase*> calls;
    for (llvm::User* user : function->users()) calls.push_back(llvm::cast<llvm::CallBase>(user));
    for (llvm::CallBase* call : calls) {
      llvm::InlineFunctionInfo info;
      SONDE_CHECK(llvm::InlineFunction(*call, info).isSuccess());
    }
    function->eraseFromParent();
  }
}

// A function that only dead code called would be an unreachable part of its program, which the verifier refuses.
void RemoveUncalled(llvm::Module& module) {
  bool removed = true;
  while (removed) {
    removed = false;
    for (llvm::Function& function : llvm::make_early_inc_range(module)) {
      if (!function.hasInternalLinkage() || !function.use_empty()) continue;
      function.eraseFromParent();
      removed = true;
    }
  }
}

// Few passes: registers for variables, common subexpressions, merged blocks. The back end does the rest, and what is
// simple stays readable to the verifier.
void Optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::ModuleAnalysisManager modules;
  llvm::FunctionAnalysisManager functions;
  functions.registerPass([] { return llvm::PassInstrumentationAnalysis(); });
  functions.registerPass([] { return llvm::DominatorTreeAnalysis(); });
  functions.registerPass([] { return llvm::AssumptionAnalysis(); });
  functions.registerPass([] { return llvm::TargetLibraryAnalysis(); });
  functions.registerPass([&] { return machine.getTargetIRAnalysis(); });
  functions.registerPass([] { return llvm::BasicAA(); });
  functions.registerPass([] {
    llvm::AAManager aliases;
    aliases.registerFunctionAnalysis<llvm::BasicAA>();
    return aliases;
  });
  functions.registerPass([] { return llvm::MemorySSAAnalysis(); });
  modules.registerPass([] { return llvm::PassInstrumentationAnalysis(); });
  modules.registerPass([] { return llvm::ProfileSummaryAnalysis(); });
  modules.registerPass([&] { return llvm::FunctionAnalysisManagerModuleProxy(functions); });
  functions.registerPass([&] { return llvm::ModuleAnalysisManagerFunctionProxy(modules); });

  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/false));
  passes.addPass(llvm::SimplifyCFGPass());
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) passes.run(function, functions);
  }
}

std::string Emit(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  bool unsupported = machine.addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true);
  SONDE_CHECK(!unsupported);
  passes.run(module);
  return {buffer.data(), buffer.size()};
}

std::string Print(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

// What the raw paths need of BTF; without it all tracepoints go by their perf events.
ProgramOptions ChoosePaths(const sema::Program& program, kernel::KernelView& kernel, const Options& options,
                           KernelFacts& facts) {
  ProgramOptions chosen{.raw_syscalls = false};
  if (!WantsBtf(program) || options.force_perf_path) return chosen;
  Result<const kernel::Btf*> btf = kernel.KernelBtf();
  if (!btf) return chosen;
  chosen.btf = *btf;
  std::optional<kernel::BtfId> task = (*btf)->Find(kernel::BtfKind::kStruct, "task_struct");
  if (!task) return chosen;
  auto find = [&](const char* path, uint32_t& offset) {
    auto field = (*btf)->FindField(*task, path);
    if (field) offset = field->bit_offset / 8;
    return field.has_value();
  };
  chosen.raw_syscalls = find("thread_info.status", facts.task.status) && find("tgid", facts.task.tgid) &&
                        find("pid", facts.task.pid) && find("comm", facts.task.comm) && find("mm", facts.task.mm);
  std::optional<kernel::BtfId> mm = (*btf)->Find(kernel::BtfKind::kStruct, "mm_struct");
  if (auto env_end = mm ? (*btf)->FindField(*mm, "env_end") : std::nullopt) facts.mm_env_end = env_end->bit_offset / 8;
  return chosen;
}

KernelFacts::PidNamespace OwnPidNamespace() {
  constexpr ino_t kInitial = 0xeffffffc;  // PROC_PID_INIT_INO
  struct stat status{};
  if (stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kInitial) return {};
  return {.device = status.st_dev, .inode = status.st_ino};
}

}  // namespace

Output Generate(const sema::Program& program, kernel::KernelView& kernel, const Options& options,
                Diagnostics& diagnostics) {
  Output output;
  llvm::LLVMContext llvm_context;
  std::string back_end_errors;
  llvm_context.setDiagnosticHandler(std::make_unique<BackEndErrors>(back_end_errors));
  std::unique_ptr<llvm::TargetMachine> machine = MakeTargetMachine();
  llvm::Module module("sonde", llvm_context);
  module.setTargetTriple("bpfel");
  module.setDataLayout(machine->createDataLayout());

  Layout layout(program, options.image, kernel.PossibleCpus());
  ModuleContext context{llvm_context,
                        module,
                        layout,
                        program,
                        {.online_cpus = options.online_cpus, .possible_cpus = kernel.PossibleCpus()},
                        diagnostics,
                        options.helper_errors};
  context.facts.pid_namespace = OwnPidNamespace();
  ProgramOptions paths = ChoosePaths(program, kernel, options, context.facts);
  BuildPrograms(context, paths);
  if (!diagnostics.HasErrors() && !options.c_modules.empty()) LinkCModules(context, options.c_modules);
  if (diagnostics.HasErrors()) return output;

  std::string broken;
  llvm::raw_string_ostream broken_stream(broken);
  if (llvm::verifyModule(module, &broken_stream)) {
    fmt::print(stderr, "{}\n{}\n", Print(module), broken);
    SONDE_CHECK(!"the module is well-formed");
  }
  InlineMarked(module);
  Optimise(module, *machine);
  RemoveUncalled(module);
  if (options.want_ir) output.ir = Print(module);
  if (options.want_assembly) {
    std::unique_ptr<llvm::TargetMachine> printer = MakeTargetMachine();
    output.assembly = Emit(module, *printer, llvm::CodeGenFileType::AssemblyFile);
  } else {
    std::string elf = Emit(module, *machine, llvm::CodeGenFileType::ObjectFile);
    const auto* bytes = reinterpret_cast<const std::byte*>(elf.data());
    layout.image().elf.assign(bytes, bytes + elf.size());
  }
  if (!back_end_errors.empty()) {
    diagnostics.Error(sema::kOutOfRange, program.bodies.front().span,
                      fmt::format("this program is too large for BPF: {}", back_end_errors));
  }
  output.image = std::move(layout.image());
  return output;
}

}  // namespace sonde::codegen
