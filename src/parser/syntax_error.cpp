#include "parser/syntax_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "parser/diagnostic_ids.h"

namespace sonde::parser {
namespace {

using Symbol = Grammar::symbol_kind;
using SymbolKind = Grammar::symbol_kind_type;
using SymbolSet = std::set<SymbolKind>;

constexpr size_t kMaxShown = 30;

// What only says that an operand may go on; of no help where something else is missing.
constexpr SymbolKind kContinuations[] = {
    Symbol::S_OROR,       Symbol::S_ANDAND,       Symbol::S_PIPE,       Symbol::S_CARET,      Symbol::S_AMPERSAND,
    Symbol::S_EQ,         Symbol::S_NE,           Symbol::S_LT,         Symbol::S_LE,         Symbol::S_GT,
    Symbol::S_GE,         Symbol::S_SHL,          Symbol::S_SHR,        Symbol::S_PLUS,       Symbol::S_MINUS,
    Symbol::S_STAR,       Symbol::S_SLASH,        Symbol::S_PERCENT,    Symbol::S_INC,        Symbol::S_DEC,
    Symbol::S_LBRACKET,   Symbol::S_KEY_LBRACKET, Symbol::S_DOT,        Symbol::S_ARROW,      Symbol::S_QUESTION,
    Symbol::S_ASSIGN,     Symbol::S_MUL_ASSIGN,   Symbol::S_DIV_ASSIGN, Symbol::S_MOD_ASSIGN, Symbol::S_ADD_ASSIGN,
    Symbol::S_SUB_ASSIGN, Symbol::S_SHL_ASSIGN,   Symbol::S_SHR_ASSIGN, Symbol::S_AND_ASSIGN, Symbol::S_XOR_ASSIGN,
    Symbol::S_OR_ASSIGN,  Symbol::S_DOTDOT,       Symbol::S_LPAREN,     Symbol::S_STRING,
};

// What begins an operand.
constexpr SymbolKind kOperands[] = {
    Symbol::S_ID,          Symbol::S_VARIABLE,    Symbol::S_MAP,       Symbol::S_POSITIONAL, Symbol::S_POSITIONAL_COUNT,
    Symbol::S_INT,         Symbol::S_FLOAT,       Symbol::S_STRING,    Symbol::S_TRUE,       Symbol::S_FALSE,
    Symbol::S_LPAREN,      Symbol::S_CAST_LPAREN, Symbol::S_MINUS,     Symbol::S_PLUS,       Symbol::S_NOT,
    Symbol::S_TILDE,       Symbol::S_STAR,        Symbol::S_AMPERSAND, Symbol::S_INC,        Symbol::S_DEC,
    Symbol::S_EXPR_LBRACE, Symbol::S_TYPEOF,
};

constexpr SymbolKind kStatements[] = {
    Symbol::S_IF,  Symbol::S_WHILE,  Symbol::S_FOR,   Symbol::S_UNROLL,
    Symbol::S_LET, Symbol::S_RETURN, Symbol::S_BREAK, Symbol::S_CONTINUE,
};

constexpr SymbolKind kTypes[] = {Symbol::S_STRUCT, Symbol::S_UNION, Symbol::S_ENUM,
                                 Symbol::S_TYPEOF, Symbol::S_ID,    Symbol::S_LPAREN};

// Never written by anybody.
constexpr SymbolKind kInternal[] = {Symbol::S_ITEM_END, Symbol::S_RECOVER, Symbol::S_BAD,    Symbol::S_TOO_DEEP,
                                    Symbol::S_YYEOF,    Symbol::S_YYerror, Symbol::S_YYUNDEF};

template <size_t N>
void Remove(SymbolSet& set, const SymbolKind (&kinds)[N]) {
  for (SymbolKind kind : kinds) set.erase(kind);
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

// The expected tokens as a user would put it: groups by their name, and no operators beside a terminator.
std::string Describe(SymbolSet set) {
  std::vector<std::string> words;
  Remove(set, kInternal);
  if (set.contains(Symbol::S_C_DEFINITION)) return "a probe";
  if (set.contains(Symbol::S_SPEC)) set.erase(Symbol::S_PROBE_NAME);
  bool statement = set.contains(Symbol::S_IF);
  bool operand = set.contains(Symbol::S_INT) && set.contains(Symbol::S_LPAREN);
  if (operand) {
    words.emplace_back(statement ? "a statement" : "an expression");
    Remove(set, kOperands);
    Remove(set, kStatements);
    if (statement) set.erase(Symbol::S_SEMICOLON), set.erase(Symbol::S_LBRACE);
    if (set.erase(Symbol::S_TYPE_MARK)) words.emplace_back("a type");
  }
  if (set.contains(Symbol::S_STRUCT) && set.contains(Symbol::S_ID)) {
    words.emplace_back("a type");
    Remove(set, kTypes);
  }
  SymbolSet rest = set;
  Remove(rest, kContinuations);
  if (rest.empty() && words.empty()) rest = set;
  for (SymbolKind kind : rest) words.emplace_back(Grammar::symbol_name(kind));
  return Join(words);
}

class SyntaxErrorReport {
 public:
  SyntaxErrorReport(const TokenStream& stream, const SourceManager& sources, uint32_t offending,
                    std::span<const SymbolKind> expected, Diagnostics& diagnostics)
      : stream_(stream),
        sources_(sources),
        index_(offending),
        token_(stream.tokens[offending]),
        expected_(expected.begin(), expected.end()),
        diagnostics_(diagnostics) {}

  void Run() {
    if (ReportAssignment() || ReportElse() || ReportNestedProbe()) return;
    std::string wanted = Describe(expected_);
    std::string message = fmt::format("{} {}", wanted.empty() ? "unexpected" : "expected " + wanted, Place(wanted));
    Diagnostic& diagnostic = diagnostics_.Error(kSyntaxError, PlaceSpan(), std::move(message));
    NoteOpenBracket(diagnostic);
    AddHint(diagnostic);
  }

 private:
  TokenKind Kind(uint32_t index) const { return stream_.tokens[index].kind; }
  TokenKind Previous() const { return index_ > 0 ? Kind(index_ - 1) : TokenKind(Tk::ITEM_END); }
  bool Expects(SymbolKind kind) const { return expected_.contains(kind); }

  // A token as a message shows it.
  std::string Shown(const Token& token) const {
    std::string text(sources_.Text(stream_.SpanOf(token)).substr(0, kMaxShown));
    for (char& c : text) {
      auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte >= 0x7f) c = '?';
    }
    if (token.length > kMaxShown) text += "…";
    return token.kind == Tk::STRING ? text : fmt::format("'{}'", text);
  }

  bool AtItemEnd() const { return token_.kind == Tk::ITEM_END || token_.kind == Tk::END; }

  std::string Place(std::string_view wanted) const {
    if (AtItemEnd()) return index_ > 0 ? fmt::format("after {}", Shown(stream_.tokens[index_ - 1])) : "here";
    return wanted.empty() ? Shown(token_) : fmt::format("before {}", Shown(token_));
  }

  // The token, or the end of the one before when that is where something is missing.
  Span PlaceSpan() const {
    Span span = stream_.SpanOf(token_);
    if (index_ == 0 || Previous() == Tk::ITEM_END) return span;
    uint32_t end = stream_.tokens[index_ - 1].end();
    Span gap{stream_.file, end, token_.offset - end};
    bool on_new_line = sources_.Text(gap).find('\n') != std::string_view::npos;
    bool misses_end = Expects(Symbol::S_SEMICOLON) || Expects(Symbol::S_RPAREN) || Expects(Symbol::S_RBRACKET);
    return on_new_line && misses_end ? Span{stream_.file, end, 0} : span;
  }

  uint32_t EnclosingBracket() const { return token_.enclosing; }

  bool InParentheses() const {
    uint32_t open = EnclosingBracket();
    return open != kNoToken && Kind(open) != Tk::LBRACE && Kind(open) != Tk::EXPR_LBRACE;
  }

  // Outside of all brackets, between PRED_OPEN and what ends it.
  bool InPredicate() const {
    if (EnclosingBracket() != kNoToken) return false;
    for (uint32_t i = index_; i-- > 0;) {
      TokenKind kind = Kind(i);
      if (kind == Tk::PRED_OPEN) return true;
      if (kind == Tk::PRED_CLOSE || kind == Tk::ITEM_END || kind == Tk::SPEC) return false;
    }
    return false;
  }

  // After `if`, `while` of the same statement.
  bool InCondition() const {
    for (uint32_t i = index_; i-- > 0;) {
      TokenKind kind = Kind(i);
      if (kind == Tk::IF || kind == Tk::WHILE) return true;
      if (kind == Tk::SEMICOLON || kind == Tk::LBRACE || kind == Tk::RBRACE || kind == Tk::ITEM_END) return false;
    }
    return false;
  }

  bool ReportAssignment() {
    bool assigns = token_.kind == Tk::ASSIGN && EndsOperand(Previous());
    if (!assigns || !(InParentheses() || InPredicate() || InCondition())) return false;
    diagnostics_.Error(kSyntaxError, stream_.SpanOf(token_), "'=' assigns a value and cannot stand in an expression")
        .Hint("to compare, write '=='");
    return true;
  }

  bool ReportElse() {
    if (token_.kind != Tk::ELSE) return false;
    Diagnostic& diagnostic =
        diagnostics_.Error(kSyntaxError, stream_.SpanOf(token_), "this 'else' has no 'if' before it");
    if (Previous() == Tk::SEMICOLON) diagnostic.Hint("no ';' between '}' and 'else'");
    return true;
  }

  // `kprobe:f {` within a body.
  bool ReportNestedProbe() {
    if (token_.kind != Tk::COLON || Previous() != Tk::ID || !Expects(Symbol::S_SEMICOLON)) return false;
    Diagnostic& diagnostic = diagnostics_.Error(kSyntaxError, stream_.SpanOf(token_), "unexpected ':' in a statement");
    diagnostic.Hint("if a probe begins here, the '}' of the one before is missing");
    uint32_t open = EnclosingBracket();
    if (open != kNoToken) diagnostic.Note(stream_.SpanOf(stream_.tokens[open]), "this '{' is still open");
    return true;
  }

  void NoteOpenBracket(Diagnostic& diagnostic) const {
    if (!InParentheses()) return;
    bool leaves = token_.kind == Tk::SEMICOLON || token_.kind == Tk::LBRACE || token_.kind == Tk::RBRACE || AtItemEnd();
    bool misses_close = Expects(Symbol::S_RPAREN) || Expects(Symbol::S_RBRACKET);
    if (!leaves || !misses_close) return;
    const Token& open = stream_.tokens[EnclosingBracket()];
    diagnostic.Note(stream_.SpanOf(open), fmt::format("this {} is not closed", Shown(open)));
  }

  void AddHint(Diagnostic& diagnostic) const {
    bool wants_block = Expects(Symbol::S_LBRACE) && !Expects(Symbol::S_SEMICOLON);
    if (wants_block && EnclosingBracket() != kNoToken) {
      diagnostic.Hint("a body always stands in braces: '{ … }'");
    } else if (wants_block && Previous() == Tk::SPEC && EndsInPath(stream_.tokens[index_ - 1])) {
      diagnostic.Hint("a blank sets a predicate off from a path: 'uprobe:/bin/x:f /pid == 1/'");
    } else if (wants_block && token_.kind == Tk::SPEC) {
      diagnostic.Hint("attach points are separated by ','; blanks end them: quote a part that has some");
    } else if (token_.kind == Tk::MAP && Previous() == Tk::LET) {
      diagnostic.Hint("maps are declared outside of probes: 'let @m = hash(1000);'");
    } else if (Previous() == Tk::LET && token_.kind == Tk::ID) {
      diagnostic.Hint(fmt::format("a variable is written '${}'", sources_.Text(stream_.SpanOf(token_)).substr(0, 40)));
    } else if (token_.kind == Tk::VARIABLE && Previous() == Tk::ID && Expects(Symbol::S_SEMICOLON)) {
      diagnostic.Hint("a variable with a type is declared as 'let $x: type'");
    } else if ((token_.kind == Tk::STRING || token_.kind == Tk::VARIABLE) && Previous() == Tk::ID) {
      diagnostic.Hint("the arguments of a call stand in parentheses");
    }
  }

  // `uprobe:/bin/x:f/pid`: what was meant as a predicate became part of the spec.
  bool EndsInPath(const Token& spec) const {
    std::string_view text = sources_.Text(stream_.SpanOf(spec));
    size_t colon = text.rfind(':');
    return colon != std::string_view::npos && text.find(':') != colon &&
           text.find('/', colon) != std::string_view::npos;
  }

  const TokenStream& stream_;
  const SourceManager& sources_;
  uint32_t index_;
  const Token& token_;
  SymbolSet expected_;
  Diagnostics& diagnostics_;
};

}  // namespace

void ReportSyntaxError(const TokenStream& stream, const SourceManager& sources, uint32_t offending,
                       std::span<const Grammar::symbol_kind_type> expected, Diagnostics& diagnostics) {
  SyntaxErrorReport(stream, sources, offending, expected, diagnostics).Run();
}

}  // namespace sonde::parser
