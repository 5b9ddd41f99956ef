#include "cheaders/c_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sonde::cheaders {

bool IsIdentifier(std::string_view text) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !is_letter(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::vector<std::string> CleanNames(const std::vector<std::string>& names) {
  std::vector<std::string> clean;
  for (std::string_view name : names) {
    if (const size_t space = name.rfind(' '); space != std::string_view::npos) name.remove_prefix(space + 1);
    // `defined` and `__VA_ARGS__` may not stand behind #ifdef.
    if (IsIdentifier(name) && name != "defined" && name != "__VA_ARGS__") clean.emplace_back(name);
  }
  std::ranges::sort(clean);
  const auto repeated = std::ranges::unique(clean);
  clean.erase(repeated.begin(), repeated.end());
  return clean;
}

CSource BuildSource(std::string_view preamble, const std::vector<std::string>& names) {
  CSource source{.text = std::string(preamble)};
  // Two line ends, since the preamble may end with a backslash.
  source.text += fmt::format("\n\nextern int {};\n", kSentinel);
  source.blocks_offset = static_cast<uint32_t>(source.text.size());
  for (const std::string& name : names) {
    fmt::format_to(std::back_inserter(source.text),
                   "#ifdef {0}\n"
                   "typedef {0} {1}{0};\n"
                   "extern __typeof__({0}) {2}{0};\n"
                   "unsigned long long {3}{0} = (unsigned long long)({0});\n"
                   "__auto_type {4}{0} = {0};\n"
                   "#endif\n"
                   "extern int {5}{0};\n",
                   name, kAliasPrefix, kTypePrefix, kIntegerPrefix, kValuePrefix, kAfterPrefix);
  }
  return source;
}

}  // namespace sonde::cheaders
