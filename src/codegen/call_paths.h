// The subprogram that adds to a captured system call what is behind its descriptors.
#pragma once

#include <string>
#include <vector>

#include "codegen/body_context.h"

namespace sonde::codegen {

// i64 paths(call, work, texts): appends a chunk of Fetch::kPath for each descriptor among the arguments and the result of
// the call that CallCapture put there with the same `work`. `texts` has KernelTextSpace::kWorkBytes; `offsets` are of
// FdPathFields.
llvm::Function* CallPaths(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets);

}  // namespace sonde::codegen
