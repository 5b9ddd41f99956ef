// The enumerations of an Image as words, for Dump and messages. Empty for a number that is no enumerator, which is
// also how Read recognises one.
#pragma once

#include <string_view>

#include "image/image.h"

namespace sonde::image {

std::string_view Name(ValueKind kind);
std::string_view Name(MapRole role);
std::string_view Name(SeriesMerge merge);
std::string_view Name(Aggregation aggregation);
std::string_view Name(EventKind kind);
std::string_view Name(FractionOp op);
std::string_view Name(LossReason reason);
std::string_view Name(ProgramType type);

}  // namespace sonde::image
