// The doors of src/parser.
#pragma once

#include <memory>
#include <string>

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/ast.h"

namespace sonde::parser {

// Parses a whole file. Always returns a tree; when `diagnostics` gained errors, it is good for --emit=ast alone.
// Recovers at the ends of statements and probes, so that one run reports several errors. Never recurses deeper than
// kMaxNesting, takes any bytes and any size.
std::unique_ptr<const Ast> Parse(const SourceManager& sources, FileId file, Diagnostics& diagnostics);

// The tree as a script again, in the one layout that --fmt prints. Keeps comments and literals as written.
// Format(Parse(Format(ast))) is Format(ast).
std::string Format(const Ast& ast, const SourceManager& sources);

// The tree as indented text, one node a line, for --emit=ast and tests. With `spans`, each line ends in
// [line:col-line:col].
std::string Dump(const Ast& ast, const SourceManager& sources, bool spans);

}  // namespace sonde::parser
