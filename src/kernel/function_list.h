// Reading the kernel's lists of its functions.
#pragma once

#include <string_view>
#include <vector>

#include "kernel/kernel_view.h"

namespace sonde::kernel {

// tracefs's available_filter_functions: "name [module]" a line. The result points into the text.
std::vector<KernelFunction> ParseFilterFunctions(std::string_view text);
// /proc/kallsyms: "address type name[\t[module]]" a line; functions alone.
std::vector<KernelFunction> ParseKernelSymbols(std::string_view text);

// Whether this machine's kernel has a symbol of that name: functions may have several, of which ftrace lists one.
bool HasKernelSymbol(std::string_view name);

}  // namespace sonde::kernel
