// The CHeaders of this room, with what only its tests change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cheaders/c_headers.h"

namespace sonde::cheaders {

// Names to try, the best first: 19, then 18 down to 14, then 20, as the distributions call them.
std::vector<std::string> LibclangCandidates();
// The file of the one that would be used. The error lists the packages to install.
Result<std::string> FindLibclang();

struct LibclangOptions {
  std::vector<std::string> candidates = LibclangCandidates();
  // False: as if libclang-common were not installed.
  bool use_resource_folder = true;
};

std::unique_ptr<CHeaders> MakeLibclangHeaders(LibclangOptions options);

}  // namespace sonde::cheaders
