// "did you mean": the nearest known name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// The candidate with the least edit distance to `name`, at most a third of its length away; empty when none is near.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace sonde
