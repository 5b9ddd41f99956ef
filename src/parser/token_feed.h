// Hands the prepared tokens to the grammar and, after an error, skips to where parsing can go on.
#pragma once

#include <cstdint>

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/token.h"

namespace sonde::parser {

class TokenFeed {
 public:
  TokenFeed(const TokenStream& stream, const SourceManager& sources, Diagnostics& diagnostics, size_t errors_before)
      : stream_(stream), sources_(sources), diagnostics_(diagnostics), errors_before_(errors_before) {}

  // For the grammar: the next token's kind; its value is its index in the stream.
  int Next(Grammar::value_type* value, Span* location);

  // For the grammar: the token handed out last is not among the `count` kinds that it could take.
  void OnSyntaxError(const Grammar::symbol_kind_type* expected, int count);

 private:
  const Token& At(uint32_t index) const { return stream_.tokens[index]; }
  int Hand(Grammar::value_type* value, Span* location, TokenKind kind, uint32_t index, uint32_t length) const;
  int Recover(Grammar::value_type* value, Span* location);
  uint32_t EnclosingBrace(uint32_t index) const;
  bool InOpenPredicate(uint32_t index) const;
  uint32_t SkipStatement(uint32_t from, uint32_t brace) const;
  uint32_t SkipBraces(uint32_t open) const;
  uint32_t SkipToItemEnd(uint32_t from) const;
  bool IsQuiet(uint32_t offending) const;
  bool StartsStatementOnNewLine(uint32_t index) const;

  const TokenStream& stream_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  size_t errors_before_;
  uint32_t cursor_ = 0;  // the token to be handed out next
  uint32_t last_ = 0;    // the token handed out last
  bool type_mark_given_ = false;
  bool recovering_ = false;
  bool restart_here_ = false;       // only a semicolon is missing: nothing needs to be skipped
  uint32_t last_error_ = kNoToken;  // where the previous error was
  uint32_t last_broken_ = kNoToken;
  uint32_t quiet_until_ = 0;  // errors before this token say nothing new
};

}  // namespace sonde::parser
