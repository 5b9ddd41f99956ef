// The CHeaders of this room, with what only its tests change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cheaders/c_headers.h"
#include "cheaders/libclang_library.h"

namespace sonde::cheaders {

struct LibclangOptions {
  std::vector<std::string> candidates = LibclangCandidates();
  // False: as if libclang-common were not installed.
  bool use_resource_folder = true;
};

std::unique_ptr<CHeaders> MakeLibclangHeaders(LibclangOptions options);

}  // namespace sonde::cheaders
