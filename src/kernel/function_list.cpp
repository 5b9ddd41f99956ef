#include "kernel/function_list.h"

#include <fcntl.h>

#include <string>

#include "kernel/tracefs.h"

namespace sonde::kernel {
namespace {

constexpr std::string_view kVmlinux = "vmlinux";

// "vfs_read", "nft_lookup [nf_tables]".
KernelFunction ReadName(std::string_view line) {
  const size_t end = line.find_first_of(" \t");
  KernelFunction function{.name = line.substr(0, end), .module = kVmlinux};
  const size_t open = line.find('[');
  const size_t close = line.find(']');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
    function.module = line.substr(open + 1, close - open - 1);
  }
  return function;
}

template <typename Take>
void ForEachLine(std::string_view text, Take take) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

// What compilers and the kernel's build put beside a function under a name of its own.
bool IsPart(std::string_view name) {
  return name.starts_with("__pfx_") || name.starts_with("__cfi_") || name.starts_with("__ksymtab") ||
         name.starts_with("__ftrace_invalid_address__") || name.find(".cold") != std::string_view::npos;
}

}  // namespace

std::vector<KernelFunction> ParseFilterFunctions(std::string_view text) {
  std::vector<KernelFunction> functions;
  ForEachLine(text, [&](std::string_view line) {
    const KernelFunction function = ReadName(line);
    if (!function.name.empty() && !IsPart(function.name)) functions.push_back(function);
  });
  return functions;
}

std::vector<KernelFunction> ParseKernelSymbols(std::string_view text) {
  std::vector<KernelFunction> functions;
  ForEachLine(text, [&](std::string_view line) {
    const size_t address_end = line.find(' ');
    if (address_end == std::string_view::npos || line.size() < address_end + 4) return;
    const char type = line[address_end + 1];
    if (type != 't' && type != 'T' && type != 'w' && type != 'W') return;
    const KernelFunction function = ReadName(line.substr(address_end + 3));
    if (!function.name.empty() && !IsPart(function.name) && function.module != "bpf") functions.push_back(function);
  });
  return functions;
}

bool HasKernelSymbol(std::string_view name) {
  const auto text = ReadTextFile(AT_FDCWD, "/proc/kallsyms");
  if (!text || name.empty()) return false;
  const std::string wanted = " " + std::string(name);
  for (size_t at = text->find(wanted); at != std::string::npos; at = text->find(wanted, at + 1)) {
    const size_t end = at + wanted.size();
    if (end == text->size() || (*text)[end] == '\n' || (*text)[end] == '\t') return true;
  }
  return false;
}

}  // namespace sonde::kernel
