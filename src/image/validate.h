// What must hold between the parts of an Image: a reader of values trusts types without looking twice.
#pragma once

#include <string>

#include "image/image.h"

namespace sonde::image {

// Empty when every index points into its table, types contain only what fits in them and never themselves, and events
// keep to their records. Otherwise the first thing that does not hold.
std::string Inconsistency(const Image& image);

}  // namespace sonde::image
