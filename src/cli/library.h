// The standard library's files that a script uses.
#pragma once

#include "cli/compile.h"

namespace sonde::cli {

// Parses those that define a name which the script uses, and what these use, into c.library.
void LoadLibrary(Compilation& c);

}  // namespace sonde::cli
