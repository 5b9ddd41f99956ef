// What the specs of probes on kernel functions have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sema/probe_type.h"

namespace sonde::probes {

// "kprobe:[module:]function", in its parts; both may have wildcards.
struct FunctionPattern {
  std::string module;  // empty: any
  std::string function;
};
std::optional<FunctionPattern> ReadFunctionPattern(const parser::ProbeSpec& spec);
// The same of "kprobe:module:function" as text, "*" for what is not there.
FunctionPattern ReadFunctionPattern(std::string_view pattern);

// Sorted by name.
Result<std::vector<kernel::KernelFunction>> MatchFunctions(kernel::KernelView& kernel, const FunctionPattern& pattern);

// Reports that there is no such function, with the one that was perhaps meant: kernels rename them.
void ReportMissingFunction(sema::ExpandContext& context, const parser::ProbeSpec& spec, const FunctionPattern& pattern);

}  // namespace sonde::probes
