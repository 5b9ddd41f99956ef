// The text that libclang parses: the script's preamble, then lines that make it evaluate the macros which the script
// names. The lines after the preamble come one block a name:
//
//   #ifdef NAME
//   typedef NAME __sonde_alias_NAME;                                          when NAME stands for a type
//   extern __typeof__(NAME) __sonde_type_NAME;                                the type of its value
//   unsigned long long __sonde_integer_NAME = (unsigned long long)(NAME);     numbers and pointers
//   __auto_type __sonde_value_NAME = NAME;                                    floats and strings
//   #endif
//   extern int __sonde_after_NAME;                                            still there: NAME broke nothing
//
// Whatever of it does not compile is left out by the compiler, and its errors are ours to ignore.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::cheaders {

inline constexpr std::string_view kSentinel = "__sonde_sentinel";  // declared right behind the preamble
inline constexpr std::string_view kAliasPrefix = "__sonde_alias_";
inline constexpr std::string_view kTypePrefix = "__sonde_type_";
inline constexpr std::string_view kIntegerPrefix = "__sonde_integer_";
inline constexpr std::string_view kValuePrefix = "__sonde_value_";
inline constexpr std::string_view kAfterPrefix = "__sonde_after_";

// Whether the C language could take it for a name.
bool IsIdentifier(std::string_view text);

// The identifiers among `names`, tags (`struct x`) reduced to the name, sorted, each once.
std::vector<std::string> CleanNames(const std::vector<std::string>& names);

struct CSource {
  std::string text;
  // Where the blocks of names start. Before it an error is the preamble's, even if the compiler notices it only at the
  // sentinel, as with a forgotten semicolon.
  uint32_t blocks_offset = 0;
};

CSource BuildSource(std::string_view preamble, const std::vector<std::string>& names);

}  // namespace sonde::cheaders
