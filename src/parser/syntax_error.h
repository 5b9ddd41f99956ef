// Words for what the grammar did not expect.
#pragma once

#include <cstdint>
#include <span>

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/token.h"

namespace sonde::parser {

// Reports that the token at index `offending` stands where only `expected` can.
void ReportSyntaxError(const TokenStream& stream, const SourceManager& sources, uint32_t offending,
                       std::span<const Grammar::symbol_kind_type> expected, Diagnostics& diagnostics);

}  // namespace sonde::parser
