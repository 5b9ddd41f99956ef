// The subprogram that fetches what the arguments of a system call lead to.
#pragma once

#include <string>

#include "codegen/body_context.h"

namespace sonde::codegen {

// Of the work space that the subprogram is given; it must be in scratch, where the verifier follows no numbers.
inline constexpr uint32_t kCaptureWorkBytes = 112;
inline constexpr uint64_t kCaptureEnd = 48;  // where it leaves the number of bytes

// i64 capture(call, work): appends chunks to an image::CallHeader, in at most kCallBytes. Made once in a section.
llvm::Function* CallCapture(ModuleContext& module, const std::string& section);

}  // namespace sonde::codegen
