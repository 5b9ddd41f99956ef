// What number and string literals mean.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sonde::parser {

// Decimal, octal (`0755`), hexadecimal, binary, with `_` between digits and C's suffixes; `1e6`; durations (`100ms`, in
// nanoseconds). Fails with what a user is told.
std::expected<uint64_t, std::string> ParseInteger(std::string_view spelling);

// True for what the lexer may take for a fraction: `1.5`, `1_0.5e3`, `2e-3`.
bool IsFloat(std::string_view spelling);

// The value of what IsFloat accepts.
double ParseFloat(std::string_view spelling);

}  // namespace sonde::parser
