// src/base: what every room stands on: source text and spans, diagnostics, results, small text tools.
//
// Enters: the text of scripts. Leaves: spans that any later step can turn into file, line, column and quoted line.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

using FileId = uint32_t;

// A stretch of source text. `expansion` is 0 for text written where it stands; otherwise it names, by
// SourceManager::ExpansionSite, the macro call through which the text was reached.
struct Span {
  FileId file = 0;
  uint32_t offset = 0;  // bytes from the start of the file
  uint32_t length = 0;  // bytes
  uint32_t expansion = 0;

  uint32_t end() const { return offset + length; }
  bool operator==(const Span&) const = default;
};

// The smallest span that covers both; `first` must not start after `last`.
Span Cover(Span first, Span last);

// Line and column, both from 1; the column counts bytes.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

// Owns the text of every file of one compilation. Views that it hands out live as long as it does.
class SourceManager {
 public:
  // `name` is what diagnostics print: a path, "-e" or "stdin"; `import_site` is the import that asked for the file.
  FileId Add(std::string name, std::string text, std::optional<Span> import_site = std::nullopt);

  std::string_view Name(FileId file) const { return files_.at(file).name; }
  std::string_view Text(FileId file) const { return files_.at(file).text; }
  std::optional<Span> ImportSite(FileId file) const { return files_.at(file).import_site; }
  std::string_view Text(Span span) const;
  Position Locate(Span span) const;
  // The line without its end, `line` counted from 1; empty past the last.
  std::string_view Line(FileId file, uint32_t line) const;

  // Records a macro call and returns the number for Span::expansion of the text that it expands to. `note` is what
  // diagnostics in that text say of the call: "in this call of macro 'x'".
  uint32_t AddExpansion(Span call_site, std::string note);
  // The call behind a non-zero Span::expansion; may itself lie in an expansion.
  Span ExpansionSite(uint32_t expansion) const { return expansions_.at(expansion - 1).site; }
  std::string_view ExpansionNote(uint32_t expansion) const { return expansions_.at(expansion - 1).note; }

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<uint32_t> line_starts;
    std::optional<Span> import_site;
  };
  struct Expansion {
    Span site;
    std::string note;
  };
  std::deque<File> files_;
  std::deque<Expansion> expansions_;
};

}  // namespace sonde
