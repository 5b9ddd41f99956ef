// Constants of the kernel that stand in no user header and in no BTF, since they are macros of internal headers, and
// that have had the same value for years. Only what is stable and the same on every x86-64 configuration is here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sonde::cheaders {

struct KernelConstantRow {
  std::string_view name;
  int64_t value = 0;
  std::string_view header;   // of the kernel's include/
  std::string_view since;    // first kernel in which the name has this value; "2.6" also stands for older ones
  std::string_view comment;  // one line
};

// Sorted by name.
std::span<const KernelConstantRow> KernelConstants();

std::optional<int64_t> KernelConstant(std::string_view name);

}  // namespace sonde::cheaders
