// Paths of cgroups by their ids, in all hierarchies that are mounted here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"

namespace sonde::output {

class Cgroups {
 public:
  // "unified:/user.slice", of each hierarchy whose name fits the filter (a wildcard, empty: all) and that has the id,
  // joined by commas; the id as a number where there is none.
  std::string_view Path(uint64_t id, std::string_view filter);

 private:
  struct Hierarchy {
    std::string name;  // "unified", or what version 1 names: "cpu,cpuacct"
    std::string mount_point;
    UniqueFd root;
  };

  void FindHierarchies();
  static std::optional<std::string> PathIn(const Hierarchy& hierarchy, uint64_t id);

  bool has_looked_ = false;
  std::vector<Hierarchy> hierarchies_;
  std::unordered_map<std::string, std::string> known_;  // by filter and id
};

}  // namespace sonde::output
