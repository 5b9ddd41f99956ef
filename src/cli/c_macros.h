// `#define ADD(a, b) ((a) + (b))` of a preamble, which scripts call as they call macros of the language.
#pragma once

#include "cli/compile.h"

namespace sonde::cli {

// Adds those that the script calls to its files, each as a macro of the language.
void AddCMacros(Compilation& compilation);

}  // namespace sonde::cli
