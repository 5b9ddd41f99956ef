// What is written about sonde from its own tables: docs/stdlib.md, the manual page, completions of shells.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::cli {

// `what` is one of ReferenceNames(); nothing for any other.
std::optional<std::string> Reference(std::string_view what);

// "stdlib, man, …" for messages.
std::string ReferenceNames();

}  // namespace sonde::cli
