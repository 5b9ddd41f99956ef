#include "parser/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "parser/diagnostic_ids.h"
#include "parser/lexer.h"
#include "parser/token_feed.h"
#include "parser/token_pass.h"
#include "parser/tree_builder.h"

namespace sonde::parser {
namespace {

// No script is this long; trees of more would not fit into memory.
constexpr size_t kMaxScriptSize = size_t{16} << 20;

}  // namespace

void ReportNesting(TokenStream& stream, Diagnostics& diagnostics, Span span) {
  if (stream.nesting_reported) return;
  stream.nesting_reported = true;
  diagnostics.Error(kNestingTooDeep, span, fmt::format("nested too deeply: at most {} levels", kMaxNesting))
      .Hint("put parts into variables or macros");
}

std::unique_ptr<const Ast> Parse(const SourceManager& sources, FileId file, Diagnostics& diagnostics) {
  auto ast = std::make_unique<Ast>();
  ast->file = file;
  if (sources.Text(file).size() > kMaxScriptSize) {
    diagnostics.Error(kScriptTooLarge, {file, 0, 0}, "a script of more than 16 MiB is not read");
    return ast;
  }
  size_t errors_before = diagnostics.error_count();
  TokenStream stream = Lexer(sources, file, diagnostics).Run();
  PrepareTokens(stream, sources, diagnostics);
  TokenFeed feed(stream, sources, diagnostics, errors_before);
  TreeBuilder builder(sources, stream, diagnostics, *ast);
  Grammar(feed, builder).parse();
  ast->comments = std::move(stream.comments);
  return ast;
}

}  // namespace sonde::parser
