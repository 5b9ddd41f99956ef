#include "base/debug_folders.h"

#include <utility>
#include <vector>

namespace sonde {
namespace {

std::vector<std::string>& Folders() {
  static std::vector<std::string> folders = {"/usr/lib/debug"};
  return folders;
}

}  // namespace

std::span<const std::string> DebugFolders() { return Folders(); }

void AddDebugFolder(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  Folders().insert(Folders().begin(), std::move(folder));
}

}  // namespace sonde
