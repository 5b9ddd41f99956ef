// The attach points of a probe: `name = tracepoint:a:b, uprobe:/bin/x:"f(int)" /predicate/ {`.
#include <algorithm>

#include "parser/lexer.h"

namespace sonde::parser {
namespace {

// Probe types with a path in their spec: in these, a `/` that touches the text before it belongs to the path.
constexpr std::string_view kPathTypes[] = {
    "uprobe",     "u", "uretprobe",       "ur", "usdt", "U", "ucall", "iter", "it",
    "watchpoint", "w", "asyncwatchpoint", "aw", "bpf",
};

bool IsName(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto name_char = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text[0]) && std::ranges::all_of(text, name_char);
}

}  // namespace

void Lexer::OpenSpec() {
  spec_ = ProbeSpec{};
  spec_.span = {file_, start_, 0};
  spec_.parts.push_back({{file_, start_, 0}, "", false});
  spec_open_ = true;
  after_colon_ = false;
  space_in_spec_ = false;
}

// Puts text[offset, position) to the last part; `text` is what it means.
void Lexer::AppendSpec(uint32_t offset, std::string_view text, bool quoted) {
  bool detached = spec_open_ && space_in_spec_ && !after_colon_;
  if (detached) FinishSpec();
  if (!spec_open_) {
    OpenSpec();
    spec_.span.offset = offset;
  }
  ProbeSpec::Part& part = spec_.parts.back();
  if (part.span.length == 0) part.span.offset = offset;
  part.span.length = position_ - part.span.offset;
  part.text += text;
  part.quoted = part.quoted || quoted;
  spec_.text += text_.substr(offset, position_ - offset);
  spec_.span.length = position_ - spec_.span.offset;
  after_colon_ = false;
  space_in_spec_ = false;
}

void Lexer::FinishSpec() {
  if (!spec_open_) return;
  spec_open_ = false;
  Push(Tk::SPEC, spec_.span.offset, spec_.span.length).data = static_cast<uint32_t>(stream_.specs.size());
  stream_.specs.push_back(std::move(spec_));
}

void Lexer::SpecText(bool escaped) { AppendSpec(start_, Text().substr(escaped ? 1 : 0), false); }

void Lexer::SpecColon() {
  if (!spec_open_) OpenSpec();
  spec_.text += ':';
  spec_.span.length = position_ - spec_.span.offset;
  spec_.parts.push_back({{file_, position_, 0}, "", false});
  after_colon_ = true;
  space_in_spec_ = false;
}

bool Lexer::TakesPath() const {
  return spec_open_ && std::ranges::find(kPathTypes, spec_.parts[0].text) != std::end(kPathTypes);
}

bool Lexer::SlashIsText() const { return TakesPath() && (after_colon_ || !space_in_spec_); }

Mode Lexer::SpecSlash() {
  std::string_view text = Text();
  if (text.size() == 2) return BeginComment(text == "//", Mode::kSpec);
  FinishSpec();
  predicate_start_ = static_cast<uint32_t>(stream_.tokens.size());
  Add(Tk::PRED_OPEN);
  return Mode::kBody;
}

Mode Lexer::SpecComma() {
  FinishSpec();
  Add(Tk::COMMA);
  return Mode::kSpec;
}

// `name = spec`. A `=` that touches other text belongs to it: paths may have one.
Mode Lexer::SpecAssign() {
  bool is_first = spec_open_ && stream_.tokens.size() == item_start_;
  bool is_name = is_first && spec_.parts.size() == 1 && !spec_.parts[0].quoted && IsName(spec_.parts[0].text);
  if (is_name) {
    spec_open_ = false;
    Push(Tk::PROBE_NAME, spec_.span.offset, spec_.span.length);
  } else if (spec_open_ && !space_in_spec_) {
    SpecText(false);
    return Mode::kSpec;
  }
  FinishSpec();
  Add(Tk::ASSIGN);
  return Mode::kSpec;
}

Mode Lexer::SpecBrace() {
  FinishSpec();
  return OpenBrace();
}

Mode Lexer::SpecEnd() {
  FinishSpec();
  Add(Tk::SEMICOLON);
  return EndItem(false);
}

}  // namespace sonde::parser
