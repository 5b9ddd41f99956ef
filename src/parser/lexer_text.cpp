// Strings, comments and C text.
#include <fmt/format.h>

#include <charconv>

#include "parser/diagnostic_ids.h"
#include "parser/lexer.h"

namespace sonde::parser {

// --- strings

Mode Lexer::BeginString(bool in_spec) {
  string_in_spec_ = in_spec;
  string_start_ = start_;
  string_.clear();
  return Mode::kString;
}

void Lexer::StringCode(size_t prefix, int base) {
  std::string_view digits = Text().substr(prefix);
  unsigned code = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  if (code > 0xff) {
    Report(kInvalidEscape, MatchSpan(), fmt::format("'{}' does not fit into a byte", Text()));
  }
  string_ += static_cast<char>(code);
}

void Lexer::BadEscape() {
  auto byte = static_cast<unsigned char>(text_[position_ - 1]);
  bool printable = byte >= 0x20 && byte < 0x7f;
  std::string shown = printable ? fmt::format("'{}'", Text()) : fmt::format("a '\\' before byte 0x{:02x}", byte);
  Report(kInvalidEscape, MatchSpan(), fmt::format("{} is not an escape of a string", shown))
      .Hint(R"(write '\\' for a backslash; escapes are \n \t \r \a \b \f \v \e \" \\ \0nn \xnn)");
}

Mode Lexer::EndString() {
  if (string_in_spec_) {
    AppendSpec(string_start_, string_, true);
    return Mode::kSpec;
  }
  Token& token = Push(Tk::STRING, string_start_, position_ - string_start_);
  token.data = static_cast<uint32_t>(stream_.strings.size());
  stream_.strings.push_back(string_);
  if (item_ == ItemKind::kImport && EndsShortItem()) return EndItem(false);
  return Mode::kBody;
}

Mode Lexer::UnterminatedString() {
  if (!stopped()) {
    Report(kUnterminatedString, {file_, string_start_, position_ - string_start_}, "this string is not closed")
        .Hint("a string ends on its line: close it with '\"'; a line break in it is written '\\n'");
  }
  Mode mode = EndString();
  if (!string_in_spec_) {
    // What the string swallowed is missed by the grammar.
    for (size_t i = stream_.tokens.size(); i-- > 0;) {
      if (stream_.tokens[i].kind != Tk::STRING) continue;
      stream_.tokens[i].broken = true;
      break;
    }
  }
  return mode;
}

void Lexer::SingleQuoted() {
  Report(kSingleQuotes, MatchSpan(), "strings stand in double quotes").Hint("write \"…\"");
  Token& token = Push(Tk::STRING, start_, position_ - start_);
  token.broken = true;
  token.data = static_cast<uint32_t>(stream_.strings.size());
  std::string_view inner = Text().substr(1);
  if (inner.ends_with('\'')) inner.remove_suffix(1);
  stream_.strings.emplace_back(inner);
}

// --- comments

Mode Lexer::BeginComment(bool line, Mode resume) {
  comment_start_ = start_;
  line_comment_ = line;
  resume_ = resume;
  return line ? Mode::kLineComment : Mode::kBlockComment;
}

Mode Lexer::EndComment() {
  uint32_t end = position_;
  if (line_comment_ && end > comment_start_ && text_[end - 1] == '\r') --end;
  stream_.comments.push_back({{file_, comment_start_, end - comment_start_}, line_comment_});
  space_in_spec_ = true;
  return resume_;
}

// --- C text

Mode Lexer::BeginLongText(Mode mode) {
  bool at_start = stream_.tokens.empty() && stream_.comments.empty() && CharAt(position_) == '!';
  if (mode == Mode::kDirective && at_start) return BeginComment(true, Mode::kItem);
  long_start_ = start_;
  definition_depth_ = 0;
  return mode;
}

Mode Lexer::EndDirective() {
  uint32_t end = position_;
  while (end > long_start_ && (text_[end - 1] == '\r' || text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
  Push(Tk::C_DEFINITION, long_start_, end - long_start_);
  return EndItem(false);
}

void Lexer::DefinitionBrace(bool open) {
  if (open) {
    ++definition_depth_;
  } else if (definition_depth_ > 0) {
    --definition_depth_;
  }
}

// A `;` outside of braces ends a definition; so does the last `}` when no declarator or attribute follows it, since
// scripts leave the semicolon out.
bool Lexer::DefinitionEnds(bool semicolon) const {
  if (definition_depth_ > 0) return false;
  if (semicolon) return true;
  if (definition_is_typedef_) return false;
  uint32_t offset = SkipBlank(position_);
  while (offset < text_.size()) {
    char c = text_[offset];
    if (c == ';') return false;
    if (std::string_view("{}:/,=#\"").find(c) != std::string_view::npos) return true;
    offset = SkipBlank(offset + 1);
  }
  return true;
}

Mode Lexer::EndDefinition() {
  Push(Tk::C_DEFINITION, long_start_, position_ - long_start_);
  return EndItem(false);
}

}  // namespace sonde::parser
