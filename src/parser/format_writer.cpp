#include "parser/format_writer.h"

#include <algorithm>

namespace sonde::parser {
namespace {

constexpr size_t kIndentWidth = 2;
constexpr size_t kContinuationWidth = 4;
constexpr size_t kMaxColumns = 100;

// True when the text has a line without anything in it.
bool HasBlankLine(std::string_view gap) {
  size_t newline = gap.find('\n');
  while (newline != std::string_view::npos) {
    size_t next = gap.find_first_not_of(" \t\r", newline + 1);
    if (next == std::string_view::npos) return false;
    if (gap[next] == '\n') return true;
    newline = gap.find('\n', next);
  }
  return false;
}

// Columns of UTF-8 text.
size_t Width(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

}  // namespace

FormatWriter::FormatWriter(const Ast& ast, const SourceManager& sources)
    : text_(sources.Text(ast.file)), comments_(ast.comments) {}

bool FormatWriter::HasCommentBefore(uint32_t offset) const {
  return next_ < comments_.size() && Next().span.offset < offset;
}

std::string FormatWriter::CommentText(const Comment& comment) const {
  std::string_view text = text_.substr(comment.span.offset, comment.span.length);
  if (comment.line) text = text.substr(0, text.find_last_not_of(" \t\r") + 1);
  return std::string(text);
}

bool FormatWriter::FitsInLine(const Comment& comment) const {
  return !comment.line && CommentText(comment).find('\n') == std::string::npos;
}

void FormatWriter::BlankLineBefore(uint32_t offset) {
  bool wanted = !at_block_start_ && offset > written_ && HasBlankLine(text_.substr(written_, offset - written_));
  if (wanted) out_ += '\n';
  at_block_start_ = false;
}

void FormatWriter::CommentLine(const Comment& comment) {
  out_.append(indent_ * kIndentWidth, ' ').append(CommentText(comment)).append("\n");
  written_ = std::max(written_, comment.span.end());
}

void FormatWriter::CommentLines(uint32_t offset) {
  while (HasCommentBefore(offset)) {
    BlankLineBefore(Next().span.offset);
    CommentLine(Next());
    ++next_;
  }
}

void FormatWriter::StartLine(uint32_t offset) {
  CommentLines(offset);
  BlankLineBefore(offset);
}

void FormatWriter::Write(std::string_view text) {
  if (line_.empty()) line_indent_ = indent_;
  line_ += text;
}

void FormatWriter::WriteBreak() {
  breaks_.push_back(line_.size());
  Write(" ");
}

void FormatWriter::CommentsBefore(uint32_t offset) {
  for (; HasCommentBefore(offset); ++next_) {
    if (FitsInLine(Next())) {
      Write(CommentText(Next()) + " ");
    } else {
      deferred_.push_back(&Next());
    }
  }
}

void FormatWriter::CommentsBeforeCloser(uint32_t offset) {
  for (; HasCommentBefore(offset); ++next_) {
    if (FitsInLine(Next())) {
      if (!line_.ends_with(' ') && !line_.ends_with('(') && !line_.ends_with('[')) Write(" ");
      Write(CommentText(Next()));
    } else {
      deferred_.push_back(&Next());
    }
  }
}

// Takes the next comment when it stands on the line where the source text before it ended.
bool FormatWriter::TakeIfOnSameLine(uint32_t& end, uint32_t limit, std::vector<const Comment*>& trailing) {
  if (!HasCommentBefore(limit)) return false;
  const Comment& comment = Next();
  if (comment.span.offset > end) {
    std::string_view gap = text_.substr(end, comment.span.offset - end);
    if (gap.find('\n') != std::string_view::npos) return false;
  }
  trailing.push_back(&comment);
  end = std::max(end, comment.span.end());
  ++next_;
  return true;
}

void FormatWriter::EndLine(uint32_t end, uint32_t limit) {
  CommentsBeforeCloser(end);
  std::vector<const Comment*> trailing;
  // A line that opens or closes a block has no place before it for a comment of its own.
  bool keeps_comments = line_.starts_with('}') || line_.ends_with('{');
  if (keeps_comments) {
    trailing = std::move(deferred_);
  } else {
    for (const Comment* comment : deferred_) {
      out_.append(line_indent_ * kIndentWidth, ' ').append(CommentText(*comment)).append("\n");
    }
  }
  deferred_.clear();
  written_ = std::max(written_, end);
  uint32_t trailing_end = end;
  while (TakeIfOnSameLine(trailing_end, limit, trailing)) {
  }
  written_ = std::max(written_, trailing_end);
  Flush(trailing);
}

// Breaks a long line at the last break that fits, again and again.
void FormatWriter::AppendWrapped() {
  size_t indent = line_indent_ * kIndentWidth;
  out_.append(indent, ' ');
  size_t start = 0;
  size_t room = kMaxColumns > indent ? kMaxColumns - indent : 1;
  for (size_t i = 0; i < breaks_.size(); ++i) {
    std::string_view rest = std::string_view(line_).substr(start);
    if (Width(rest) <= room) break;
    size_t next_break = i + 1 < breaks_.size() ? breaks_[i + 1] : line_.size();
    if (Width(rest.substr(0, next_break - start)) <= room) continue;
    out_.append(rest.substr(0, breaks_[i] - start)).append("\n").append(indent + kContinuationWidth, ' ');
    start = breaks_[i] + 1;
    room = kMaxColumns > indent + kContinuationWidth ? kMaxColumns - indent - kContinuationWidth : 1;
  }
  out_.append(line_, start);
}

// One `// …` ends a line; what would follow it goes to lines of its own.
void FormatWriter::Flush(const std::vector<const Comment*>& trailing) {
  // An escaped blank belongs to an attach point.
  while (line_.ends_with(' ') && !line_.ends_with("\\ ")) line_.pop_back();
  AppendWrapped();
  size_t i = 0;
  for (bool open = true; i < trailing.size() && open; ++i) {
    out_.append(" ").append(CommentText(*trailing[i]));
    open = FitsInLine(*trailing[i]);
  }
  out_ += '\n';
  for (; i < trailing.size(); ++i) CommentLine(*trailing[i]);
  line_.clear();
  breaks_.clear();
}

}  // namespace sonde::parser
