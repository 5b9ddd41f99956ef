// Functions of imported .bpf.c files: declared where they are called, then linked into the script's module and made part
// of each program that calls them, so that the image knows nothing of them.
#pragma once

#include <llvm/IR/Module.h>

#include <string>
#include <vector>

#include "codegen/codegen.h"

namespace sonde::codegen {

struct ModuleContext;

llvm::FunctionCallee DeclareCFunction(llvm::Module& module, const std::string& name, llvm::FunctionType* type);

// Gives what DeclareCFunction declared its bodies. What cannot be part of a program is an error of the import.
void LinkCModules(ModuleContext& context, const std::vector<CModule>& modules);

}  // namespace sonde::codegen
