#include "parser/token_feed.h"

#include <algorithm>

#include "parser/syntax_error.h"

namespace sonde::parser {
namespace {

bool IsOpenBrace(TokenKind kind) { return kind == Tk::LBRACE || kind == Tk::EXPR_LBRACE; }

bool EndsStatement(TokenKind kind) {
  return kind == Tk::SEMICOLON || kind == Tk::RBRACE || kind == Tk::LBRACE || kind == Tk::ITEM_END;
}

bool StartsStatement(TokenKind kind) {
  switch (kind) {
    case Tk::ID:
    case Tk::VARIABLE:
    case Tk::MAP:
    case Tk::IF:
    case Tk::WHILE:
    case Tk::FOR:
    case Tk::UNROLL:
    case Tk::LET:
    case Tk::RETURN:
    case Tk::BREAK:
    case Tk::CONTINUE:
    case Tk::LBRACE:
      return true;
    default:
      return false;
  }
}

// What goes on after the `}` of a block within a statement; all else begins the next one.
bool FollowsBlock(TokenKind kind) {
  switch (kind) {
    case Tk::ELSE:
    case Tk::SEMICOLON:
    case Tk::COMMA:
    case Tk::RPAREN:
    case Tk::RBRACKET:
    case Tk::DOT:
    case Tk::ARROW:
    case Tk::DOTDOT:
    case Tk::QUESTION:
    case Tk::COLON:
    case Tk::ASSIGN:
    case Tk::OROR:
    case Tk::ANDAND:
    case Tk::PIPE:
    case Tk::CARET:
    case Tk::EQ:
    case Tk::NE:
    case Tk::LT:
    case Tk::LE:
    case Tk::GT:
    case Tk::GE:
    case Tk::SHL:
    case Tk::SHR:
    case Tk::PLUS:
    case Tk::SLASH:
    case Tk::PERCENT:
      return true;
    default:
      return false;
  }
}

}  // namespace

int TokenFeed::Hand(Grammar::value_type* value, Span* location, TokenKind kind, uint32_t index, uint32_t length) const {
  *location = {stream_.file, At(index).offset, length};
  if (kind != Tk::END) value->emplace<uint32_t>(index);
  return kind;
}

int TokenFeed::Next(Grammar::value_type* value, Span* location) {
  if (diagnostics_.error_count() - errors_before_ >= kMaxSyntaxErrors) {
    return Hand(value, location, Tk::END, static_cast<uint32_t>(stream_.tokens.size() - 1), 0);
  }
  if (recovering_) return Recover(value, location);
  const Token& token = At(cursor_);
  last_ = cursor_;
  if (token.type_follows && !type_mark_given_) {
    type_mark_given_ = true;
    return Hand(value, location, Tk::TYPE_MARK, cursor_, 0);
  }
  type_mark_given_ = false;
  if (token.broken) last_broken_ = cursor_;
  if (token.kind != Tk::END) ++cursor_;
  return Hand(value, location, token.kind, last_, token.length);
}

// True for an error that only follows from what was reported before.
bool TokenFeed::IsQuiet(uint32_t offending) const {
  const Token& token = At(offending);
  if (token.synthetic || offending < quiet_until_) return true;
  if (diagnostics_.error_count() - errors_before_ >= kMaxSyntaxErrors) return true;
  if (last_broken_ == kNoToken) return false;
  for (uint32_t i = last_broken_ + 1; i < offending; ++i) {
    if (EndsStatement(At(i).kind)) return false;
  }
  return true;
}

bool TokenFeed::StartsStatementOnNewLine(uint32_t index) const {
  if (index == 0 || !StartsStatement(At(index).kind)) return false;
  uint32_t end = At(index - 1).end();
  Span gap{stream_.file, end, At(index).offset - end};
  return sources_.Text(gap).find('\n') != std::string_view::npos;
}

void TokenFeed::OnSyntaxError(const Grammar::symbol_kind_type* expected, int count) {
  uint32_t offending = last_;
  type_mark_given_ = false;
  // What ends the text in error itself is taken by the grammar as it is.
  TokenKind kind = At(offending).kind;
  recovering_ = kind != Tk::PRED_CLOSE && (kind != Tk::ITEM_END || InOpenPredicate(offending));
  if (recovering_) cursor_ = offending;
  if (At(offending).kind == Tk::TOO_DEEP) quiet_until_ = SkipToItemEnd(offending) + 1;
  bool misses_semicolon = std::find(expected, expected + count, Grammar::symbol_kind::S_SEMICOLON) != expected + count;
  restart_here_ = misses_semicolon && offending != last_error_ && EnclosingBrace(offending) != kNoToken &&
                  StartsStatementOnNewLine(offending);
  last_error_ = offending;
  if (!IsQuiet(offending))
    ReportSyntaxError(stream_, sources_, offending, {expected, static_cast<size_t>(count)}, diagnostics_);
}

// --- recovery

uint32_t TokenFeed::EnclosingBrace(uint32_t index) const {
  uint32_t open = At(index).enclosing;
  while (open != kNoToken && !IsOpenBrace(At(open).kind)) open = At(open).enclosing;
  return open;
}

// True between PRED_OPEN and the PRED_CLOSE or the end of its item.
bool TokenFeed::InOpenPredicate(uint32_t index) const {
  for (uint32_t i = index; i-- > 0;) {
    TokenKind kind = At(i).kind;
    if (kind == Tk::PRED_OPEN) return true;
    if (kind == Tk::PRED_CLOSE || kind == Tk::ITEM_END) return false;
  }
  return false;
}

uint32_t TokenFeed::SkipToItemEnd(uint32_t from) const {
  while (At(from).kind != Tk::ITEM_END && At(from).kind != Tk::END) ++from;
  return from;
}

// From a `{` to its `}`.
uint32_t TokenFeed::SkipBraces(uint32_t open) const {
  uint32_t depth = 0;
  for (uint32_t i = open;; ++i) {
    TokenKind kind = At(i).kind;
    if (IsOpenBrace(kind)) ++depth;
    if (kind == Tk::RBRACE && --depth == 0) return i;
    if (kind == Tk::ITEM_END || kind == Tk::END) return i - 1;
  }
}

// To past the `;` or the block that ends the statement, or to the `}` that ends the block around it.
uint32_t TokenFeed::SkipStatement(uint32_t from, uint32_t brace) const {
  bool in_config = brace >= 2 && At(brace - 2).kind == Tk::CONFIG;
  for (uint32_t i = from;; ++i) {
    TokenKind kind = At(i).kind;
    if (kind == Tk::RBRACE || kind == Tk::ITEM_END || kind == Tk::END) return i;
    if (kind == Tk::SEMICOLON || (in_config && kind == Tk::COMMA)) return i + 1;
    if (!IsOpenBrace(kind)) continue;
    i = SkipBraces(i);
    if (!FollowsBlock(At(i + 1).kind)) return i + 1;
  }
}

int TokenFeed::Recover(Grammar::value_type* value, Span* location) {
  recovering_ = false;
  uint32_t brace = EnclosingBrace(cursor_);
  if (brace != kNoToken) {
    if (!restart_here_) cursor_ = SkipStatement(cursor_, brace);
    last_ = cursor_;
    return Hand(value, location, Tk::RECOVER, cursor_, 0);
  }
  bool in_predicate = InOpenPredicate(cursor_);
  while (At(cursor_).kind != Tk::ITEM_END && !(in_predicate && At(cursor_).kind == Tk::PRED_CLOSE)) ++cursor_;
  last_ = cursor_;
  if (in_predicate && At(cursor_).kind == Tk::ITEM_END) {
    quiet_until_ = cursor_ + 1;
    return Hand(value, location, Tk::RECOVER, cursor_, 0);
  }
  ++cursor_;
  return Hand(value, location, At(last_).kind, last_, 0);
}

}  // namespace sonde::parser
