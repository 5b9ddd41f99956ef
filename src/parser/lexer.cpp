#include "parser/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "parser/diagnostic_ids.h"
#include "parser/literals.h"

namespace sonde::parser {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

const std::unordered_map<std::string_view, TokenKind> kKeywords = {
    {"if", Tk::IF},         {"else", Tk::ELSE},     {"while", Tk::WHILE},
    {"for", Tk::FOR},       {"unroll", Tk::UNROLL}, {"let", Tk::LET},
    {"return", Tk::RETURN}, {"break", Tk::BREAK},   {"continue", Tk::CONTINUE},
    {"true", Tk::TRUE},     {"false", Tk::FALSE},   {"struct", Tk::STRUCT},
    {"union", Tk::UNION},   {"enum", Tk::ENUM},     {"typeof", Tk::TYPEOF},
};

bool StartsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool IsTypeWord(TokenKind kind) {
  return kind == Tk::STRUCT || kind == Tk::UNION || kind == Tk::ENUM || kind == Tk::TYPEOF;
}

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool EndsOperand(TokenKind kind) {
  return kind == Tk::ID || kind == Tk::VARIABLE || kind == Tk::MAP || kind == Tk::POSITIONAL ||
         kind == Tk::POSITIONAL_COUNT || kind == Tk::INT || kind == Tk::FLOAT || kind == Tk::STRING ||
         kind == Tk::TRUE || kind == Tk::FALSE || kind == Tk::RPAREN || kind == Tk::RBRACKET || kind == Tk::RBRACE ||
         kind == Tk::INC || kind == Tk::DEC || kind == Tk::BAD;
}

Lexer::Lexer(const SourceManager& sources, FileId file, Diagnostics& diagnostics)
    : file_(file), text_(sources.Text(file)), diagnostics_(diagnostics), errors_before_(diagnostics.error_count()) {
  stream_.file = file;
}

TokenStream Lexer::Run() {
  std::string_view text = text_;
  if (text.starts_with(kByteOrderMark)) {
    position_ = kByteOrderMark.size();
    text.remove_prefix(kByteOrderMark.size());
  }
  ScanAll(*this, text);
  return std::move(stream_);
}

bool Lexer::stopped() const { return diagnostics_.error_count() - errors_before_ >= kMaxSyntaxErrors; }

Diagnostic& Lexer::Report(DiagnosticId id, Span span, std::string message) {
  return diagnostics_.Error(id, span, std::move(message));
}

Token& Lexer::Push(TokenKind kind, uint32_t offset, uint32_t length) {
  Token& token = stream_.tokens.emplace_back();
  token.kind = kind;
  token.offset = offset;
  token.length = length;
  return token;
}

void Lexer::Add(TokenKind kind) { Push(kind, start_, position_ - start_); }

const Token* Lexer::Last() const { return stream_.tokens.empty() ? nullptr : &stream_.tokens.back(); }

uint32_t Lexer::SkipBlank(uint32_t offset) const {
  while (offset < text_.size()) {
    if (IsBlank(text_[offset])) {
      ++offset;
    } else if (text_.substr(offset, 2) == "//") {
      offset = static_cast<uint32_t>(std::min(text_.find('\n', offset), text_.size()));
    } else if (text_.substr(offset, 2) == "/*") {
      size_t end = text_.find("*/", offset + 2);
      offset = static_cast<uint32_t>(end == std::string_view::npos ? text_.size() : end + 2);
    } else {
      break;
    }
  }
  return offset;
}

// --- items

// A word between items begins one of the language's own constructs when what follows fits it, else a probe: its type or
// its name may be any word.
Mode Lexer::ItemWord() {
  std::string_view word = Text();
  uint32_t next = SkipBlank(position_);
  char c = CharAt(next);
  if (word == "struct" || word == "union" || word == "enum" || word == "typedef") {
    if (!StartsName(c) && c != '{') return Mode::kSpec;
    definition_is_typedef_ = word == "typedef";
    return BeginLongText(Mode::kDefinition);
  }
  if (word == "config" && c == '=' && CharAt(SkipBlank(next + 1)) == '{')
    return BeginItem(ItemKind::kConfig, Tk::CONFIG);
  if (word == "macro" && StartsName(c)) return BeginItem(ItemKind::kMacro, Tk::MACRO);
  if (word == "import" && c == '"') return BeginItem(ItemKind::kImport, Tk::IMPORT);
  if (word == "let" && (c == '@' || c == '$')) return BeginItem(ItemKind::kLet, Tk::LET);
  auto keyword = kKeywords.find(word);
  bool is_statement = keyword != kKeywords.end() && keyword->second != Tk::LET && !IsTypeWord(keyword->second);
  if (is_statement || c == '(') return StrayStatement();
  item_ = ItemKind::kProbe;
  item_start_ = static_cast<uint32_t>(stream_.tokens.size());
  return Mode::kSpec;
}

Mode Lexer::BeginItem(ItemKind kind, TokenKind keyword) {
  item_ = kind;
  item_start_ = static_cast<uint32_t>(stream_.tokens.size());
  open_parens_ = 0;
  Add(keyword);
  return Mode::kBody;
}

Mode Lexer::EndItem(bool synthetic) {
  uint32_t end = Last() ? Last()->end() : position_;
  Push(Tk::ITEM_END, end, 0).synthetic = synthetic;
  predicate_start_ = kNoToken;
  item_ = ItemKind::kProbe;
  item_start_ = static_cast<uint32_t>(stream_.tokens.size());
  return Mode::kItem;
}

void Lexer::StrayBrace() { Report(kUnmatchedBrace, MatchSpan(), "unmatched '}': no body is open here"); }

void Lexer::StrayByte() {
  Report(kInvalidCharacter, MatchSpan(),
         fmt::format("unexpected byte 0x{:02x}", static_cast<unsigned char>(text_[start_])));
}

// `@x = 1;` outside of a probe: read to its end, and quiet about what else is wrong in it.
Mode Lexer::StrayStatement() {
  Report(kSyntaxError, MatchSpan(), "a statement stands in the body of a probe, not between probes")
      .Hint("what runs once at the start stands in 'begin { … }'");
  item_ = ItemKind::kProbe;
  item_start_ = static_cast<uint32_t>(stream_.tokens.size());
  Push(Tk::BAD, start_, position_ - start_).broken = true;
  return Mode::kBody;
}

// `import` and a top-level `let` end here when their semicolon is missing, so that what follows is read as an item.
bool Lexer::EndsShortItem() const { return CharAt(SkipBlank(position_)) != ';'; }

// --- tokens of bodies

void Lexer::Word() {
  std::string_view word = Text();
  const Token* last = Last();
  bool is_field = last && (last->kind == Tk::DOT || last->kind == Tk::ARROW);
  auto keyword = is_field ? kKeywords.end() : kKeywords.find(word);
  Add(keyword == kKeywords.end() ? TokenKind(Tk::ID) : keyword->second);
}

size_t Lexer::FractionLength() const {
  std::string_view text = Text();
  const Token* last = Last();
  if (!last || (last->kind != Tk::DOT && last->kind != Tk::ARROW)) return text.size();
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

void Lexer::Number() {
  std::string_view text = Text();
  if (text.find_first_of(".+-") != std::string_view::npos) {
    if (!IsFloat(text)) {
      Report(kInvalidNumber, MatchSpan(), fmt::format("'{}' is not a number", text.substr(0, 40)));
    }
    Add(Tk::FLOAT);
    return;
  }
  std::expected<uint64_t, std::string> value = ParseInteger(text);
  if (!value) Report(kInvalidNumber, MatchSpan(), value.error());
  Push(Tk::INT, start_, position_ - start_).data = static_cast<uint32_t>(stream_.integers.size());
  stream_.integers.push_back(value.value_or(0));
}

void Lexer::BadText(DiagnosticId id, std::string message, std::string hint) {
  Report(id, MatchSpan(), std::move(message)).Hint(std::move(hint));
  Push(Tk::BAD, start_, position_ - start_).broken = true;
}

void Lexer::UnknownText() {
  auto byte = static_cast<unsigned char>(text_[start_]);
  constexpr std::string_view kQuotes[] = {"\u201c", "\u201d", "\u2018", "\u2019"};
  for (std::string_view quote : kQuotes) {
    if (Text().starts_with(quote)) {
      return BadText(kInvalidCharacter, "unexpected typographic quote", "strings stand between plain quotes: \"…\"");
    }
  }
  if (byte >= 0x80) return BadText(kInvalidCharacter, "unexpected text outside of a string", "");
  if (byte < 0x20 || byte == 0x7f) return BadText(kInvalidCharacter, fmt::format("unexpected byte 0x{:02x}", byte), "");
  std::string message = fmt::format("unexpected '{}'", text_[start_]);
  switch (byte) {
    case '$':
      return BadText(kInvalidCharacter, std::move(message), "a variable is written '$name', a parameter '$1'");
    case '#':
      return BadText(kInvalidCharacter, std::move(message),
                     "comments begin with '//'; '#include' and '#define' stand outside of probes");
    default:
      return BadText(kInvalidCharacter, std::move(message), "");
  }
}

void Lexer::OpenParen() {
  Add(Tk::LPAREN);
  ++open_parens_;
}

Mode Lexer::CloseParen() {
  Add(Tk::RPAREN);
  if (open_parens_ > 0) --open_parens_;
  if (item_ == ItemKind::kLet && open_parens_ == 0 && EndsShortItem()) return EndItem(false);
  return Mode::kBody;
}

Mode Lexer::Semicolon() {
  Add(Tk::SEMICOLON);
  return open_braces_.empty() ? EndItem(false) : Mode::kBody;
}

// --- braces

// The first `{` outside of all braces begins the body, unless it stands where a predicate needs an operand.
void Lexer::ClosePredicateBeforeBody() {
  auto last = static_cast<uint32_t>(stream_.tokens.size() - 1);
  Token& token = stream_.tokens[last];
  if (token.kind == Tk::SLASH && last > predicate_start_) {
    token.kind = Tk::PRED_CLOSE;
    predicate_start_ = kNoToken;
    return;
  }
  if (!EndsOperand(token.kind)) return;
  const Token& open = stream_.tokens[predicate_start_];
  Report(kMissingPredicateEnd, MatchSpan(), "missing '/' before '{': the predicate is not closed")
      .Note(stream_.SpanOf(open), "the predicate begins here");
  Push(Tk::PRED_CLOSE, token.end(), 0).synthetic = true;
  predicate_start_ = kNoToken;
}

Mode Lexer::OpenBrace() {
  if (open_braces_.empty() && predicate_start_ != kNoToken) ClosePredicateBeforeBody();
  open_braces_.push_back(static_cast<uint32_t>(stream_.tokens.size()));
  Add(Tk::LBRACE);
  return Mode::kBody;
}

Mode Lexer::CloseBrace() {
  if (open_braces_.empty()) {
    StrayBrace();
    return EndItem(true);
  }
  Add(Tk::RBRACE);
  open_braces_.pop_back();
  bool ends_item = open_braces_.empty() && predicate_start_ == kNoToken;
  return ends_item ? EndItem(false) : Mode::kBody;
}

// A line of a body that looks like the head of a probe is one, since `name:` stands in a body only after `?`.
bool Lexer::StartsProbe() const {
  const Token* last = Last();
  if (!last) return false;
  if (last->kind == Tk::SLASH && predicate_start_ != kNoToken && open_braces_.empty()) return true;
  return last->kind == Tk::SEMICOLON || last->kind == Tk::LBRACE || EndsOperand(last->kind);
}

Diagnostic& Lexer::NoteOpenBraces(Diagnostic& diagnostic) {
  constexpr size_t kMaxNotes = 3;
  for (size_t i = 0; i < open_braces_.size() && i < kMaxNotes; ++i) {
    diagnostic.Note(stream_.SpanOf(stream_.tokens[open_braces_[i]]), "this '{' is not closed");
  }
  return diagnostic;
}

void Lexer::CloseOpenBraces() {
  uint32_t end = Last() ? Last()->end() : position_;
  for (; !open_braces_.empty(); open_braces_.pop_back()) Push(Tk::RBRACE, end, 0).synthetic = true;
}

Mode Lexer::MissingBrace() {
  if (open_braces_.empty()) {
    Token& last = stream_.tokens.back();
    bool closes_predicate = last.kind == Tk::SLASH && predicate_start_ != kNoToken;
    if (closes_predicate) last.kind = Tk::PRED_CLOSE;
    return EndItem(false);
  }
  uint32_t end = position_;
  while (end < text_.size() && !IsBlank(text_[end]) && text_[end] != '{') ++end;
  NoteOpenBraces(Report(kMissingBrace, {file_, position_, end - position_}, "missing '}' before this probe"));
  CloseOpenBraces();
  return EndItem(true);
}

// --- the end

void Lexer::CloseAtEnd(bool quiet) {
  if (!quiet && !open_braces_.empty()) {
    const Token& open = stream_.tokens[open_braces_.front()];
    auto line = 1 + std::count(text_.begin(), text_.begin() + open.offset, '\n');
    NoteOpenBraces(Report(kUnexpectedEnd, {file_, Last()->end(), 0},
                          fmt::format("unexpected end of the script in the body that begins at line {}", line)));
    quiet = true;
  }
  CloseOpenBraces();
  EndItem(quiet);
}

void Lexer::EndOfFile(Mode mode, bool quiet) {
  if (mode == Mode::kString) {
    mode = UnterminatedString();
    quiet = true;
  } else if (mode == Mode::kBlockComment) {
    if (!quiet) Report(kUnterminatedComment, {file_, comment_start_, 2}, "this comment is not closed");
    mode = EndComment();
    quiet = true;
  } else if (mode == Mode::kLineComment) {
    mode = EndComment();
  }
  switch (mode) {
    case Mode::kItem:
      break;
    case Mode::kSpec:
      FinishSpec();
      EndItem(quiet);
      break;
    case Mode::kDefinition:
    case Mode::kDefinitionComment:
      if (!quiet) Report(kUnterminatedDefinition, {file_, long_start_, 1}, "this C definition has no end");
      EndDefinition();
      break;
    case Mode::kDirectiveComment:
      if (!quiet) Report(kUnterminatedComment, {file_, long_start_, 1}, "a comment in this directive is not closed");
      EndDirective();
      break;
    case Mode::kDirective:
      EndDirective();
      break;
    case Mode::kBody:
    case Mode::kString:
    case Mode::kBlockComment:
    case Mode::kLineComment:
      CloseAtEnd(quiet);
      break;
  }
  Push(Tk::END, static_cast<uint32_t>(text_.size()), 0);
}

}  // namespace sonde::parser
