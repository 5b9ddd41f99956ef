// Maps that count stacks, as pictures of stacks want them: frames from the outermost in, and a number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image/address_names.h"
#include "image/event.h"
#include "output/value.h"

namespace sonde::output {

struct StackRow {
  std::vector<std::string> frames;  // outermost first; what else the key holds stands before them
  uint64_t count = 0;
};

// Whether the key of the map is a stack, or holds one, and its values are numbers.
bool CountsStacks(const Values& values, const image::MapSpec& map);

// In the order in which a map is shown; rows that count nothing are left out. `symbols` may be null.
std::vector<StackRow> StackRows(Values& values, image::Symbols* symbols, const image::MapEvent& event);

}  // namespace sonde::output
