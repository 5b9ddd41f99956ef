#include "output/cgroups.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/glob.h"

namespace sonde::output {
namespace {

constexpr int kKernfsHandle = 0xfe;  // FILEID_KERNFS: the handle is the id
constexpr size_t kMaxKnown = 65536;

// What a line of /proc/self/mountinfo says of a cgroup mount.
struct Mount {
  std::string root;
  std::string point;
  std::string type;
  std::string options;
};

// "36 35 98:0 /root /point options… - type source super-options"
std::optional<Mount> ParseMount(const std::string& line) {
  std::istringstream words(line);
  Mount mount;
  std::string word;
  words >> word >> word >> word >> mount.root >> mount.point;
  while (words >> word && word != "-") {
  }
  words >> mount.type >> word >> mount.options;
  if (mount.type != "cgroup" && mount.type != "cgroup2") return std::nullopt;
  return mount;
}

// The controllers of a version 1 hierarchy, or its name: all options that are none of mount's own.
std::string HierarchyName(const Mount& mount) {
  if (mount.type == "cgroup2") return "unified";
  static constexpr auto kOthers =
      std::to_array<std::string_view>({"rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode"});
  std::istringstream options(mount.options);
  std::string name;
  for (std::string option; std::getline(options, option, ',');) {
    if (std::ranges::find(kOthers, option) != kOthers.end() || option.starts_with("release_agent=")) continue;
    name += (name.empty() ? "" : ",") + option;
  }
  return name;
}

}  // namespace

// The first mount of each is enough.
void Cgroups::FindHierarchies() {
  has_looked_ = true;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::optional<Mount> mount = ParseMount(line);
    if (!mount) continue;
    std::string name = HierarchyName(*mount);
    if (std::ranges::find(hierarchies_, name, &Hierarchy::name) != hierarchies_.end()) continue;
    UniqueFd root(open(mount->point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.valid()) hierarchies_.push_back({std::move(name), mount->point, std::move(root)});
  }
}

std::optional<std::string> Cgroups::PathIn(const Hierarchy& hierarchy, uint64_t id) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof id> memory{};
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_bytes = sizeof id;
  handle->handle_type = kKernfsHandle;
  std::memcpy(handle->f_handle, &id, sizeof id);
  const UniqueFd folder(open_by_handle_at(hierarchy.root.get(), handle, O_PATH | O_CLOEXEC));
  if (!folder.valid()) return std::nullopt;
  std::array<char, 4096> path;
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(folder.get())).c_str(), path.data(), path.size());
  if (length <= 0) return std::nullopt;
  std::string_view text(path.data(), static_cast<size_t>(length));
  if (text.starts_with(hierarchy.mount_point)) text.remove_prefix(hierarchy.mount_point.size());
  return text.empty() ? "/" : std::string(text);
}

std::string_view Cgroups::Path(uint64_t id, std::string_view filter) {
  if (!has_looked_) FindHierarchies();
  if (known_.size() >= kMaxKnown) known_.clear();
  const auto [entry, is_new] = known_.try_emplace(std::to_string(id) + ' ' + std::string(filter));
  if (!is_new) return entry->second;
  std::string text;
  for (const Hierarchy& hierarchy : hierarchies_) {
    if (!filter.empty() && !GlobMatch(filter, hierarchy.name)) continue;
    const auto path = PathIn(hierarchy, id);
    if (path) text += (text.empty() ? "" : ",") + hierarchy.name + ":" + *path;
  }
  entry->second = text.empty() ? std::to_string(id) : text;
  return entry->second;
}

}  // namespace sonde::output
