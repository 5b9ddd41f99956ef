#include "kernel/alternatives.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/glob.h"

namespace sonde::kernel {
namespace {

constexpr size_t kShownTracepoints = 4;

// What a function is about: "read" of vfs_read. Its longest word that does not say where it stands.
std::string SubjectOf(std::string_view function) {
  constexpr auto kPlaces = std::to_array<std::string_view>({"vfs", "sys", "ksys", "do", "x64", "compat", "generic"});
  std::string_view longest;
  while (!function.empty()) {
    const size_t end = function.find('_');
    const std::string_view word = function.substr(0, end);
    if (word.size() > longest.size() && std::ranges::find(kPlaces, word) == kPlaces.end()) longest = word;
    function.remove_prefix(end == std::string_view::npos ? function.size() : end + 1);
  }
  return std::string(longest);
}

}  // namespace

std::string TracepointsAbout(KernelView& kernel, std::string_view function) {
  const std::string subject = SubjectOf(function);
  if (subject.size() < 2 || HasWildcard(subject)) return "";
  auto found = kernel.MatchTracepoints("*", "*" + subject + "*");
  if (!found || found->empty()) return "";
  const auto order = [&](const TracepointName& name) {
    const bool is_call = name.category == "syscalls" && name.name.ends_with("_" + subject);
    return std::tuple(!is_call, name.name.starts_with("sys_exit_"), name.name.size(), name.category, name.name);
  };
  std::ranges::sort(*found, {}, order);
  std::string listed;
  for (size_t i = 0; i < std::min(found->size(), kShownTracepoints); ++i) {
    listed += (i == 0 ? "" : ", ") + (*found)[i].category + ":" + (*found)[i].name;
  }
  const char* more = found->size() > kShownTracepoints ? " …" : "";
  return "tracepoints with '" + subject + "' in their name: " + listed + more;
}

}  // namespace sonde::kernel
