// Whole files as text.
#pragma once

#include <string>

#include "base/result.h"

namespace sonde::cli {

// "-" is standard input. At most 1 GiB.
Result<std::string> ReadFile(const std::string& path);

}  // namespace sonde::cli
