// Arguments and results of functions of programs, with the types and places that debug information says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernel/debug_info.h"
#include "kernel/elf_file.h"
#include "sema/probe_type.h"

namespace sonde::probes {

// What `args` and `retval` of a probe in a program may be.
enum class FunctionPart { kEntry, kReturn, kCall };  // kCall: both

// A point that is to get its layout, and the instruction that it stands at, by the file's own addresses.
struct PlacedPoint {
  sema::ProbePoint* point = nullptr;
  uint64_t address = 0;
  std::string symbol;  // of the function
};

// Gives each point of a file what the body asks for. Where the body reads `args` and there is no debug information,
// that is reported; of several functions, those without are left out with a warning: their hooks are in `left_out`.
void AddDebugLayouts(sema::ExpandContext& context, Span span, const kernel::ElfFile& file, FunctionPart part,
                     std::span<PlacedPoint> places, std::vector<const sema::ProbePoint*>& left_out);

}  // namespace sonde::probes
