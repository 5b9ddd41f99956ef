#include "codegen/c_module.h"

#include <fmt/format.h>
#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Linker/Linker.h>

#include <optional>
#include <set>

#include "codegen/body_context.h"
#include "sema/diagnostic_ids.h"

namespace sonde::codegen {
namespace {

// No function of ours begins so.
constexpr char kPrefix[] = "c.";

class CLinker {
 public:
  CLinker(ModuleContext& context, const CModule& source) : context_(context), source_(source) {}

  void Run() {
    llvm::MemoryBufferRef buffer(source_.bitcode, source_.path);
    llvm::Expected<std::unique_ptr<llvm::Module>> read = llvm::parseBitcodeFile(buffer, context_.llvm);
    if (!read) {
      Report(fmt::format("what clang made of {} cannot be read: {}", source_.path, llvm::toString(read.takeError())),
             "apt install clang-19: a newer compiler writes what we do not know yet");
      return;
    }
    Prepare(**read);
    if (!CheckFunctions(**read)) return;
    if (llvm::Linker::linkModules(context_.module, std::move(*read), llvm::Linker::LinkOnlyNeeded)) {
      Report(fmt::format("{} cannot be linked with what was imported before it", source_.path), "");
    }
  }

 private:
  void Report(std::string message, std::string hint) {
    Diagnostic& error = context_.diagnostics.Error(sema::kBadImport, source_.site, std::move(message));
    if (!hint.empty()) error.Hint(std::move(hint));
  }

  // Functions get names of their own, lose their sections, and are to be inlined.
  void Prepare(llvm::Module& module) {
    module.setTargetTriple(context_.module.getTargetTriple());
    module.setDataLayout(context_.module.getDataLayout());
    llvm::StripDebugInfo(module);
    for (const char* list : {"llvm.used", "llvm.compiler.used"}) {
      if (llvm::GlobalVariable* used = module.getGlobalVariable(list)) used->eraseFromParent();
    }
    for (llvm::Function& function : module) {
      if (function.isDeclaration()) continue;
      function.setName(kPrefix + function.getName().str());
      function.setSection("");
      function.setComdat(nullptr);
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      for (const llvm::Attribute::AttrKind kind :
           {llvm::Attribute::NoInline, llvm::Attribute::OptimizeNone, llvm::Attribute::InlineHint}) {
        function.removeFnAttr(kind);
      }
      for (const char* attribute : {"target-cpu", "target-features", "stack-protector-buffer-size"}) {
        function.removeFnAttr(attribute);
      }
      function.addFnAttr(llvm::Attribute::AlwaysInline);
    }
  }

  static std::string NameOf(const llvm::Function& function) {
    const std::string name = function.getName().str();
    return name.starts_with(kPrefix) ? name.substr(sizeof(kPrefix) - 1) : name;
  }

  bool CheckFunctions(const llvm::Module& module) {
    std::set<const llvm::Function*> callable;
    for (const llvm::Function& function : module) {
      if (!function.isDeclaration() && IsCalled(function)) CollectCalled(function, callable);
    }
    for (const llvm::Function* function : callable) {
      std::set<const llvm::Function*> reached;
      for (const llvm::Function* next : CalledBy(*function)) CollectCalled(*next, reached);
      if (reached.contains(function)) {
        Report(fmt::format("{}() in {} calls itself", NameOf(*function), source_.path),
               "a BPF program knows no recursion; write a loop");
        return false;
      }
      if (!CheckFunction(*function)) return false;
    }
    return true;
  }

  bool IsCalled(const llvm::Function& function) const {
    const llvm::Function* declared = context_.module.getFunction(function.getName());
    return declared != nullptr && declared->isDeclaration();
  }

  static std::set<const llvm::Function*> CalledBy(const llvm::Function& function) {
    std::set<const llvm::Function*> called;
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      const llvm::Function* callee = call == nullptr ? nullptr : call->getCalledFunction();
      if (callee != nullptr && !callee->isDeclaration()) called.insert(callee);
    }
    return called;
  }

  static void CollectCalled(const llvm::Function& function, std::set<const llvm::Function*>& all) {
    if (!all.insert(&function).second) return;
    for (const llvm::Function* next : CalledBy(function)) CollectCalled(*next, all);
  }

  bool CheckFunction(const llvm::Function& function) {
    const llvm::Function* declared = context_.module.getFunction(function.getName());
    if (declared != nullptr && declared->getFunctionType() != function.getFunctionType()) {
      Report(fmt::format("{}() in {} passes a struct by value", NameOf(function), source_.path), "pass pointers to it");
      return false;
    }
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      for (const llvm::Value* operand : instruction.operands()) {
        if (!CheckOperand(function, instruction, *operand)) return false;
      }
    }
    return true;
  }

  bool CheckOperand(const llvm::Function& function, const llvm::Instruction& instruction, const llvm::Value& operand) {
    const auto* called = llvm::dyn_cast<llvm::Function>(&operand);
    if (called == nullptr || called->isIntrinsic()) return true;
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call == nullptr || call->getCalledOperand() != called) {
      Report(fmt::format("{}() in {} uses the address of {}()", NameOf(function), source_.path, NameOf(*called)),
             "functions become part of the programs that call them; a loop in the script can call one for each turn");
      return false;
    }
    if (called->isDeclaration()) {
      Report(fmt::format("{}() in {} calls {}(), which the file does not define", NameOf(function), source_.path,
                         NameOf(*called)),
             "");
      return false;
    }
    return true;
  }

  ModuleContext& context_;
  const CModule& source_;
};

// The bytes that a constant variable holds; nothing when addresses are among them.
std::optional<std::string> BytesOf(const llvm::GlobalVariable& variable, const llvm::DataLayout& data) {
  std::string bytes;
  const uint64_t size = data.getTypeAllocSize(variable.getValueType());
  llvm::Type* byte = llvm::Type::getInt8Ty(variable.getContext());
  for (uint64_t at = 0; at < size; ++at) {
    auto* initializer = const_cast<llvm::Constant*>(variable.getInitializer());
    const auto* value = llvm::dyn_cast_or_null<llvm::ConstantInt>(
        llvm::ConstantFoldLoadFromConst(initializer, byte, llvm::APInt(64, at), data));
    if (value == nullptr) return std::nullopt;
    bytes += static_cast<char>(value->getZExtValue());
  }
  return bytes;
}

// Constant tables and texts go where the script's own constants are. Reports what else is not in a function.
void MoveConstants(ModuleContext& context, const std::set<const llvm::GlobalVariable*>& before, const CModule& source) {
  for (llvm::GlobalVariable& variable : llvm::make_early_inc_range(context.module.globals())) {
    if (before.contains(&variable)) continue;
    if (variable.use_empty()) {
      variable.eraseFromParent();
      continue;
    }
    std::optional<std::string> bytes;
    if (variable.isConstant() && variable.hasInitializer()) bytes = BytesOf(variable, context.module.getDataLayout());
    if (!bytes) {
      const std::string name = variable.getName().str();
      const bool is_core = name.starts_with("llvm.");
      context.diagnostics
          .Error(sema::kBadImport, source.site,
                 is_core ? fmt::format("{} reads kernel structs by CO-RE", source.path)
                         : fmt::format("{} keeps '{}' outside of its functions", source.path, name))
          .Hint(is_core ? "read the fields in the script and pass them on: f(curtask.pid)"
                        : "keep it in a map of the script and pass its address: f(&@m)");
      return;
    }
    llvm::IRBuilder<> ir(context.llvm);
    const uint32_t offset = context.layout.Text(*bytes);
    const std::string name = fmt::format("value_{}", context.layout.zeros(0));
    llvm::Constant* constants = context.module.getOrInsertGlobal(name, ir.getInt8Ty());
    variable.replaceAllUsesWith(llvm::ConstantExpr::getGetElementPtr(ir.getInt8Ty(), constants, ir.getInt64(offset)));
    variable.eraseFromParent();
  }
}

}  // namespace

llvm::FunctionCallee DeclareCFunction(llvm::Module& module, const std::string& name, llvm::FunctionType* type) {
  return module.getOrInsertFunction(kPrefix + name, type);
}

void LinkCModules(ModuleContext& context, const std::vector<CModule>& modules) {
  for (const CModule& source : modules) {
    std::set<const llvm::GlobalVariable*> before;
    for (const llvm::GlobalVariable& variable : context.module.globals()) before.insert(&variable);
    CLinker(context, source).Run();
    if (context.diagnostics.HasErrors()) return;
    MoveConstants(context, before, source);
    if (context.diagnostics.HasErrors()) return;
  }
  for (llvm::Function& function : context.module) {
    if (!function.getName().starts_with(kPrefix)) continue;
    if (!function.isDeclaration()) {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      continue;
    }
    context.diagnostics.Error(
        sema::kBadImport, modules.front().site,
        fmt::format("{}() is declared, but no imported .bpf.c file defines it", function.getName().substr(2).str()));
    return;
  }
}

}  // namespace sonde::codegen
