// From probes to BPF programs: what shares a program, how its bodies are dispatched, how it is attached.
#pragma once

#include "codegen/body_context.h"
#include "kernel/btf.h"

namespace sonde::codegen {

struct ProgramOptions {
  bool raw_syscalls = true;          // on tp_btf/sys_enter and sys_exit
  const kernel::Btf* btf = nullptr;  // null: no raw tracepoints at all
};

// Adds a function for every program to the module, and programs and attach groups to the image.
void BuildPrograms(ModuleContext& module, const ProgramOptions& options);

// Whether any probe of the program could use the kernel's BTF.
bool WantsBtf(const sema::Program& program);

}  // namespace sonde::codegen
