// What the specs of probes in user programs have in common: finding the binary, matching functions by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/binaries.h"
#include "kernel/elf_file.h"
#include "sema/probe_type.h"

namespace sonde::probes {

// uprobe:BINARY:FUNCTION or uprobe:BINARY@FILE:LINE, in its parts.
struct UserSpec {
  std::string type;         // "uprobe"
  std::string binary;       // "/bin/bash", "libc", "*"; empty: the program of the process that is traced
  std::string source_file;  // of BINARY@FILE:LINE; else empty
  uint32_t line = 0;
  bool is_demangled = false;  // behind `cpp:`
  std::string function;       // a name or a pattern; empty with an address or a line
  std::optional<uint64_t> address;
  uint64_t offset = 0;  // behind the function's start
};

// Empty after a report.
std::optional<UserSpec> ReadUserSpec(sema::ExpandContext& context, const parser::ProbeSpec& spec);

// The files that a spec's binary names; empty after a report.
std::vector<kernel::Binary> BinariesOf(sema::ExpandContext& context, const parser::ProbeSpec& spec,
                                       const std::string& binary);

// A function as it matched, with the name that probes show.
struct MatchedFunction {
  std::string shown;  // "main", "cpp:\"ns::add(int, int)\""
  const kernel::ElfFunction* function = nullptr;
};
// With a pattern each address once. IFUNC symbols are left out unless nothing else matches.
std::vector<MatchedFunction> MatchFunctions(const std::vector<kernel::ElfFunction>& functions, const UserSpec& spec);

// "ns::add(int, int)" of "_ZN2ns3addEii"; empty for what is no mangled name.
std::string Demangled(const std::string& name);

// A decimal number, or a hexadecimal one behind 0x; nothing else.
std::optional<uint64_t> Address(std::string_view text);

// Reports what is not there: an error, or a warning where the script wants no more.
Diagnostic& ReportMissing(sema::ExpandContext& context, Span span, std::string message);

}  // namespace sonde::probes
