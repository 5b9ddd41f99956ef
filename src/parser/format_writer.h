// The lines of a formatted script, and the comments between and in them.
//
// A line is gathered piece by piece and ended with the place in the source where it ended; comments are taken from the
// tree's list in order, so that none is lost: on lines of their own before a line, in it (`/* … */` on one line), or at
// its end. What cannot stand in a line (`// …` within an expression) is put before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/ast.h"

namespace sonde::parser {

class FormatWriter {
 public:
  FormatWriter(const Ast& ast, const SourceManager& sources);

  // Begins what stands at `offset` of the source on a line of its own: comments before it, a blank line where the
  // source has some.
  void StartLine(uint32_t offset);
  // The comments before `offset`, on lines of their own; for the end of a block or file.
  void CommentLines(uint32_t offset);

  void Write(std::string_view text);
  // A blank at which a line that is too long may be broken.
  void WriteBreak();
  // Comments of the source before `offset` that are not written yet, in the line: before an operand, and before a
  // closing bracket.
  void CommentsBefore(uint32_t offset);
  void CommentsBeforeCloser(uint32_t offset);

  // Ends the line, whose source ends at `end`. Comments that follow on the same line of the source, before `limit`,
  // stay at its end.
  void EndLine(uint32_t end, uint32_t limit);

  // True when a comment starts before `offset` that is not written yet.
  bool HasCommentBefore(uint32_t offset) const;

  void Indent() { ++indent_; }
  void Outdent() { --indent_; }
  // The next line is the first of a block: no blank line before it.
  void StartBlock() { at_block_start_ = true; }

  std::string Take() { return std::move(out_); }

 private:
  const Comment& Next() const { return comments_[next_]; }
  std::string CommentText(const Comment& comment) const;
  bool FitsInLine(const Comment& comment) const;
  bool TakeIfOnSameLine(uint32_t& end, uint32_t limit, std::vector<const Comment*>& trailing);
  void BlankLineBefore(uint32_t offset);
  void CommentLine(const Comment& comment);
  void Flush(const std::vector<const Comment*>& trailing);
  void AppendWrapped();

  std::string_view text_;
  const std::vector<Comment>& comments_;
  size_t next_ = 0;  // index of the first comment that is not written

  std::string out_;
  std::string line_;
  std::vector<size_t> breaks_;            // offsets of the blanks in line_ that may become line ends
  std::vector<const Comment*> deferred_;  // comments in the line that cannot stand there
  size_t indent_ = 0;
  size_t line_indent_ = 0;
  uint32_t written_ = 0;  // end in the source of what was written last
  bool at_block_start_ = true;
};

}  // namespace sonde::parser
