// What the lexer hands to the token pass, and the token pass to the grammar: one flat vector a file.
//
// The lexer guarantees the structure that error recovery stands on: every item ends in ITEM_END, braces are balanced,
// and every PRED_OPEN whose body begins is closed by PRED_CLOSE. Where the script breaks this, the lexer has reported
// it and put synthetic tokens in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "parser/ast.h"
#include "parser/grammar.tab.h"

namespace sonde::parser {

using TokenKind = Grammar::token_kind_type;
using Tk = Grammar::token;

inline constexpr uint32_t kNoToken = UINT32_MAX;

struct Token {
  TokenKind kind = Tk::END;
  bool synthetic = false;     // put in by the lexer after it reported what is missing
  bool broken = false;        // part of text that was reported already: what follows from it stays quiet
  bool type_follows = false;  // a type begins here, in the place of an argument
  uint32_t offset = 0;        // bytes from the start of the file
  uint32_t length = 0;
  uint32_t enclosing = kNoToken;  // the innermost bracket open before this token
  uint32_t data = 0;              // index into TokenStream: integers (INT), strings (STRING), specs (SPEC)

  uint32_t end() const { return offset + length; }
};

struct TokenStream {
  FileId file = 0;
  std::vector<Token> tokens;  // ends in END
  std::vector<uint64_t> integers;
  std::vector<std::string> strings;
  std::vector<ProbeSpec> specs;
  std::vector<Comment> comments;
  bool nesting_reported = false;  // "nested too deeply" is said once a file

  Span SpanOf(const Token& token) const { return {file, token.offset, token.length}; }
};

// After this many errors in one file the parser stops: what follows is noise.
inline constexpr size_t kMaxSyntaxErrors = 50;

// Reports that the script nests deeper than kMaxNesting at `span`, unless that was said before.
void ReportNesting(TokenStream& stream, Diagnostics& diagnostics, Span span);

// True for a token after which an operand is complete.
bool EndsOperand(TokenKind kind);

}  // namespace sonde::parser
