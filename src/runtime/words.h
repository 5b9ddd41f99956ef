// The command of -c, taken apart and found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sonde::runtime {

// Splits at blanks as a shell does, with '…', "…" and backslashes, and nothing else of a shell: no variables, no
// globs, no pipes. Errors: no word at all, a quote that is not closed.
Result<std::vector<std::string>> SplitWords(std::string_view command);

// Where execvp would find a program. Errors: not found, not executable.
Result<std::string> FindExecutable(const std::string& program);

}  // namespace sonde::runtime
