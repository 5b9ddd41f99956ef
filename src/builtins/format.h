// printf formats: text → steps, and which value a conversion takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/format_step.h"
#include "sema/type.h"

namespace sonde::builtins {

struct ParsedFormat {
  std::vector<FormatStep> steps;
  uint32_t slots = 0;  // arguments that the conversions take
  std::string error;   // not empty: what is wrong with the format
};

ParsedFormat ParseFormat(std::string_view text);

// Shows a number with a fraction: f, e, g, a and F, E, G, A.
bool IsFractional(char conversion);

// Why the conversion cannot print a value of this type; empty when it can.
std::string ConversionProblem(const FormatStep& step, const sema::Type& type);

}  // namespace sonde::builtins
