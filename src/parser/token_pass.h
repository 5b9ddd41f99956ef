// Decides, with a look ahead over the tokens, what LALR(1) cannot: which `(` opens a cast, where an argument is a type,
// which `{` opens a block expression, which `[` holds the keys of a map. Also finds the brackets that enclose each
// token, and cuts an item off where it nests too deeply for the parser's stack.
#pragma once

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/token.h"

namespace sonde::parser {

void PrepareTokens(TokenStream& stream, const SourceManager& sources, Diagnostics& diagnostics);

}  // namespace sonde::parser
