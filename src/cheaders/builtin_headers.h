// Replacements for the headers that come with a compiler, not with the C library. libclang finds its own only where
// libclang-common-NN-dev is installed, which many machines lack.
#pragma once

#include <span>
#include <string_view>

namespace sonde::cheaders {

// An absolute folder that no machine has; the headers are handed to libclang as files in it that exist in memory.
inline constexpr std::string_view kBuiltinHeaderFolder = "/sonde-builtin-headers";

struct BuiltinHeader {
  std::string_view path;  // below kBuiltinHeaderFolder
  std::string_view text;
};

std::span<const BuiltinHeader> BuiltinHeaders();

}  // namespace sonde::cheaders
