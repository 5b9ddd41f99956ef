// The rates and periods that specs name: hz:99, ms:100, 100ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/ast.h"
#include "sema/probe_type.h"

namespace sonde::probes {

// All digits; nothing else.
std::optional<uint64_t> Number(std::string_view text);

// A decimal number, or a hexadecimal one behind 0x; nothing else.
std::optional<uint64_t> NumberOrHex(std::string_view text);

// What -l says of such a type: its units, for which there is no list of counts.
std::vector<sema::ListedProbe> ListUnits(std::string_view type, std::string_view pattern);

// Of `type:hz:99`, `type:ms:100` or `type:100ms`; units are hz, ns, us, ms, s, m, h. Empty when it names none, or 0.
std::optional<uint64_t> PeriodNanoseconds(const parser::ProbeSpec& spec);

}  // namespace sonde::probes
