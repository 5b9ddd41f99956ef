// src/stdlib: the part of the standard library that is written in the language: the *.bt files of this folder, which the
// build puts into the program.
//
// A file is parsed only when a script uses a name that it defines, so that unused ones cost nothing.
#pragma once

#include <span>
#include <string_view>

namespace sonde::stdlib {

struct LibraryFile {
  std::string_view name;  // "map.bt"
  std::string_view text;
  std::span<const std::string_view> macros;  // the names that it defines
};

// Sorted by name.
std::span<const LibraryFile> Files();

}  // namespace sonde::stdlib
