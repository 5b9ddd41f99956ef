// Script text → tokens. The rules of lexer.l recognise; this class decides what a piece of text means where it stands,
// and keeps the structure that token.h promises.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/token.h"

namespace sonde::parser {

// Start conditions of lexer.l.
enum class Mode {
  kItem,        // between items
  kSpec,        // in the attach points of a probe
  kBody,        // everything in the language proper, predicates included
  kDefinition,  // `struct x { … };`
  kDirective,   // `#include`, `#define`
  kString,      // in a string, of a body or a spec
  kBlockComment,
  kLineComment,
  kDirectiveComment,  // a block comment in a directive belongs to the C text
  kDefinitionComment,
};

class Lexer {
 public:
  Lexer(const SourceManager& sources, FileId file, Diagnostics& diagnostics);

  // All tokens of the file, ending in END.
  TokenStream Run();

  // --- for lexer.l: each call is about the text matched last; those that return a Mode say where to go on.

  void Advance(size_t length) { start_ = position_, position_ += static_cast<uint32_t>(length); }
  // Gives back all but the first `kept` bytes of the match.
  void Keep(size_t kept) { position_ = start_ + static_cast<uint32_t>(kept); }
  // Once too much was wrong, the rest is not read.
  bool stopped() const;

  Mode ItemWord();
  void StrayBrace();
  void StrayByte();
  Mode StrayStatement();

  void SpecSpace() { space_in_spec_ = true; }
  void SpecText(bool escaped);
  void SpecColon();
  bool SlashIsText() const;  // of a path
  Mode SpecSlash();          // begins a predicate or a comment
  Mode SpecComma();
  Mode SpecAssign();
  Mode SpecBrace();
  Mode SpecEnd();  // `;` or `}` where a body was expected

  void Add(TokenKind kind);
  void Word();
  void Number();
  // How much of a text that looks like a fraction is the number of a field (`$x.0.1`); all of it otherwise.
  size_t FractionLength() const;
  void BadText(DiagnosticId id, std::string message, std::string hint);
  void UnknownText();
  Mode OpenBrace();
  Mode CloseBrace();
  Mode Semicolon();
  Mode CloseParen();
  void OpenParen();
  bool StartsProbe() const;
  Mode MissingBrace();

  Mode BeginString(bool in_spec);
  void StringText() { string_ += Text(); }
  void StringByte(char byte) { string_ += byte; }
  void StringCode(size_t prefix, int base);
  void BadEscape();
  Mode EndString();
  Mode UnterminatedString();
  void SingleQuoted();

  Mode BeginComment(bool line, Mode resume);
  Mode EndComment();
  Mode BeginLongText(Mode mode);  // a C definition or a directive
  Mode EndDirective();
  void DefinitionBrace(bool open);
  bool DefinitionEnds(bool semicolon) const;
  Mode EndDefinition();
  // `quiet` when the end was not reached: no more is said then.
  void EndOfFile(Mode mode, bool quiet);

 private:
  enum class ItemKind { kProbe, kConfig, kMacro, kImport, kLet };

  std::string_view Text() const { return text_.substr(start_, position_ - start_); }
  Span MatchSpan() const { return {file_, start_, position_ - start_}; }
  Diagnostic& Report(DiagnosticId id, Span span, std::string message);
  Token& Push(TokenKind kind, uint32_t offset, uint32_t length);
  const Token* Last() const;
  uint32_t SkipBlank(uint32_t offset) const;  // past white space and comments
  char CharAt(uint32_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  Mode BeginItem(ItemKind kind, TokenKind keyword);
  Mode EndItem(bool synthetic);
  bool EndsShortItem() const;
  void AppendSpec(uint32_t offset, std::string_view text, bool quoted);
  void OpenSpec();
  void FinishSpec();
  bool TakesPath() const;
  void ClosePredicateBeforeBody();
  void CloseOpenBraces();
  Diagnostic& NoteOpenBraces(Diagnostic& diagnostic);
  void CloseAtEnd(bool quiet);

  FileId file_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  size_t errors_before_;
  TokenStream stream_;

  uint32_t start_ = 0;     // of the match
  uint32_t position_ = 0;  // past the match

  ItemKind item_ = ItemKind::kProbe;
  uint32_t item_start_ = 0;              // index of the item's first token
  std::vector<uint32_t> open_braces_;    // indices of their tokens
  uint32_t open_parens_ = 0;             // of a top-level `let`
  uint32_t predicate_start_ = kNoToken;  // index of PRED_OPEN while the predicate is open

  bool spec_open_ = false;
  bool space_in_spec_ = false;
  bool after_colon_ = false;
  ProbeSpec spec_;

  uint32_t string_start_ = 0;
  bool string_in_spec_ = false;
  std::string string_;

  uint32_t long_start_ = 0;  // of a directive or definition
  uint32_t comment_start_ = 0;
  bool line_comment_ = false;
  Mode resume_ = Mode::kItem;
  uint32_t definition_depth_ = 0;
  bool definition_is_typedef_ = false;
};

// The rules of lexer.l over all of `text`.
void ScanAll(Lexer& lexer, std::string_view text);

}  // namespace sonde::parser
