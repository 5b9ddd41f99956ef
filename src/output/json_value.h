// Values as JSON: numbers and true/false as such, everything else as the text that print() would show.
#pragma once

#include <string_view>

#include "output/value.h"

namespace sonde::output {

// In quotes, escaped; bytes that are no UTF-8 become U+FFFD, since a reader would refuse the whole line for them.
void AppendJsonString(Buffer& out, std::string_view text);

// Tuples and arrays are arrays, structs and records objects. False when a TailRef points outside of the record.
bool AppendJsonValue(Buffer& out, Values& values, const image::ValueType& type, Bytes value, Bytes record);

}  // namespace sonde::output
