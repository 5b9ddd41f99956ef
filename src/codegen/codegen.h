// src/codegen: typed Program → LLVM IR → BPF ELF, with the layouts of maps and records: the Image.
//
// Enters: a checked Program. Leaves: an Image, and on request its IR and assembly as text.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "image/image.h"
#include "kernel/kernel_view.h"
#include "sema/program.h"

namespace sonde::codegen {

// Which failures of the kernel's helpers are counted for the user to see.
enum class HelperErrors { kNone, kAllButReads, kAll };

// An imported .bpf.c file, as clang compiled it for BPF.
struct CModule {
  Span site;  // of its import
  std::string path;
  std::string bitcode;
};

struct Options {
  image::Options image;
  HelperErrors helper_errors = HelperErrors::kNone;
  uint32_t online_cpus = 1;
  bool want_ir = false;        // Output::ir
  bool want_assembly = false;  // Output::assembly
  // Attach syscall tracepoints by their perf events even where the raw tracepoints would do.
  bool force_perf_path = false;
  std::vector<CModule> c_modules;
};

struct Output {
  image::Image image;
  std::string ir;
  std::string assembly;
};

// Errors (a body too large for BPF …) go to `diagnostics`; the output is then not to be used.
Output Generate(const sema::Program& program, kernel::KernelView& kernel, const Options& options,
                Diagnostics& diagnostics);

}  // namespace sonde::codegen
