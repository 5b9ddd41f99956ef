// Where separate debug files are kept. Set once, by --debuginfo, before any file is looked for.
#pragma once

#include <span>
#include <string>

namespace sonde {

// "/usr/lib/debug" at last; what was added later stands before what was added earlier.
std::span<const std::string> DebugFolders();
void AddDebugFolder(std::string folder);

}  // namespace sonde
