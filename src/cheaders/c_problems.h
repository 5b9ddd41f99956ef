// What libclang has to say about a translation unit, in the coordinates of the script's preamble.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cheaders/c_headers.h"
#include "cheaders/libclang_library.h"

namespace sonde::cheaders {

struct ProblemInput {
  std::string main_file;
  uint32_t preamble_size = 0;
  uint32_t blocks_offset = 0;  // of CSource
  // The preamble ends inside a declaration or comment: the first error behind it is its own.
  bool is_preamble_open = false;
};

// The lines of the main file that hold an error.
std::set<unsigned> ErrorLines(const Libclang& clang, CXTranslationUnit unit, const std::string& main_file);

// Errors of the preamble and of headers, and warnings of the preamble. What is said of our own lines behind the
// preamble is left out. A problem in a header has for its offset the `#include` through which the header came.
std::vector<CProblem> ReadProblems(const Libclang& clang, CXTranslationUnit unit, const ProblemInput& input);

}  // namespace sonde::cheaders
