#include "base/source.h"

#include <algorithm>

namespace sonde {

Span Cover(Span first, Span last) {
  Span span = first;
  if (last.file == first.file && last.end() > first.offset) span.length = last.end() - first.offset;
  return span;
}

FileId SourceManager::Add(std::string name, std::string text, std::optional<Span> import_site) {
  File file{std::move(name), std::move(text), {0}, import_site};
  for (size_t i = 0; i < file.text.size(); ++i) {
    if (file.text[i] == '\n') file.line_starts.push_back(static_cast<uint32_t>(i + 1));
  }
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size() - 1);
}

std::string_view SourceManager::Text(Span span) const {
  std::string_view text = Text(span.file);
  if (span.offset >= text.size()) return {};
  return text.substr(span.offset, span.length);
}

Position SourceManager::Locate(Span span) const {
  const std::vector<uint32_t>& starts = files_.at(span.file).line_starts;
  auto next = std::upper_bound(starts.begin(), starts.end(), span.offset);
  auto line = static_cast<uint32_t>(next - starts.begin());
  return {line, span.offset - starts[line - 1] + 1};
}

std::string_view SourceManager::Line(FileId file, uint32_t line) const {
  const File& entry = files_.at(file);
  if (line == 0 || line > entry.line_starts.size()) return {};
  uint32_t start = entry.line_starts[line - 1];
  size_t end = entry.text.find('\n', start);
  if (end == std::string::npos) end = entry.text.size();
  return std::string_view(entry.text).substr(start, end - start);
}

uint32_t SourceManager::AddExpansion(Span call_site, std::string note) {
  expansions_.push_back({call_site, std::move(note)});
  return static_cast<uint32_t>(expansions_.size());
}

}  // namespace sonde
