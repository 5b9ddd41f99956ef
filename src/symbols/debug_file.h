// Where the debug information of a stripped file is kept: by its build id, or by the name that it gives.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

struct Elf;

namespace sonde::symbols {

bool HasSection(Elf* elf, std::string_view name);
// Empty when there is no such section; good as long as the file is open.
std::string_view SectionBytes(Elf* elf, std::string_view name);
// In hexadecimal; empty when the file has none.
std::string BuildId(Elf* elf);
// Not valid when there is none. `path` is the file's own, as seen below `root` (empty: our own root).
UniqueFd OpenDebugFile(Elf* elf, const std::string& path, const std::string& root);

}  // namespace sonde::symbols
