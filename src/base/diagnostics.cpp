#include "base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sonde {
namespace {

constexpr size_t kMaxErrors = 20;
constexpr size_t kMaxQuotedColumns = 120;

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
  }
  return "";
}

// The line as a terminal may show it: tabs become one blank, so that the caret stands under its byte.
std::string Printable(std::string_view line) {
  std::string out(line);
  for (char& c : out) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\t') c = ' ';
    if (byte < 0x20 || byte == 0x7f || byte >= 0x80) c = c == ' ' ? ' ' : '?';
  }
  return out;
}

void AppendQuote(std::string& out, Span span, const SourceManager& sources) {
  Position at = sources.Locate(span);
  std::string_view line = sources.Line(span.file, at.line);
  size_t column = std::min<size_t>(at.column - 1, line.size());
  size_t start = column > kMaxQuotedColumns / 2 ? column - kMaxQuotedColumns / 2 : 0;
  if (line.size() <= kMaxQuotedColumns) start = 0;
  std::string quoted = Printable(line.substr(start, kMaxQuotedColumns));
  size_t room = quoted.size() > column - start ? quoted.size() - (column - start) : 1;
  size_t width = std::clamp<size_t>(span.length, 1, room);
  fmt::format_to(std::back_inserter(out), "{:5} | {}\n      | {}{}\n", at.line, quoted,
                 std::string(column - start, ' '), "^" + std::string(width - 1, '~'));
}

void AppendLocated(std::string& out, Span span, std::string_view label, std::string_view message,
                   const SourceManager& sources) {
  Position at = sources.Locate(span);
  fmt::format_to(std::back_inserter(out), "{}:{}:{}: {}: {}\n", sources.Name(span.file), at.line, at.column, label,
                 message);
  AppendQuote(out, span, sources);
}

void AppendExpansions(std::string& out, Span span, const SourceManager& sources) {
  for (uint32_t expansion = span.expansion; expansion != 0;) {
    Span site = sources.ExpansionSite(expansion);
    AppendLocated(out, site, "note", sources.ExpansionNote(expansion), sources);
    expansion = site.expansion;
  }
}

void AppendImports(std::string& out, Span span, const SourceManager& sources) {
  for (std::optional<Span> site = sources.ImportSite(span.file); site; site = sources.ImportSite(site->file)) {
    AppendLocated(out, *site, "note", "imported here", sources);
  }
}

}  // namespace

Diagnostic& Diagnostic::Note(Span note_span, std::string text) {
  notes.push_back({note_span, std::move(text)});
  return *this;
}

Diagnostic& Diagnostic::Hint(std::string text) {
  hint = std::move(text);
  return *this;
}

Diagnostic& Diagnostics::Error(DiagnosticId id, Span span, std::string message) {
  ++error_count_;
  if (span.expansion == 0) span.expansion = expansion_;
  return all_.emplace_back(Severity::kError, id, span, std::move(message));
}

Diagnostic& Diagnostics::Warning(DiagnosticId id, Span span, std::string message) {
  if (span.expansion == 0) span.expansion = expansion_;
  return all_.emplace_back(Severity::kWarning, id, span, std::move(message));
}

std::string Render(const Diagnostic& diagnostic, const SourceManager& sources) {
  std::string out;
  std::string label = fmt::format("{}", Name(diagnostic.severity));
  AppendLocated(out, diagnostic.span, label, fmt::format("{} [{}]", diagnostic.message, diagnostic.id.name), sources);
  AppendExpansions(out, diagnostic.span, sources);
  AppendImports(out, diagnostic.span, sources);
  for (const DiagnosticNote& note : diagnostic.notes) AppendLocated(out, note.span, "note", note.message, sources);
  if (!diagnostic.hint.empty()) fmt::format_to(std::back_inserter(out), "hint: {}\n", diagnostic.hint);
  return out;
}

std::string RenderAll(const Diagnostics& diagnostics, const SourceManager& sources, bool warnings) {
  std::vector<const Diagnostic*> ordered;
  for (const Diagnostic& diagnostic : diagnostics.all()) ordered.push_back(&diagnostic);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::tie(a->span.file, a->span.offset) < std::tie(b->span.file, b->span.offset);
  });
  std::string out;
  size_t errors = 0;
  for (const Diagnostic* diagnostic : ordered) {
    if (diagnostic->severity == Severity::kWarning && !warnings) continue;
    if (diagnostic->severity == Severity::kError && ++errors > kMaxErrors) continue;
    out += Render(*diagnostic, sources);
  }
  if (errors > kMaxErrors) fmt::format_to(std::back_inserter(out), "… and {} more errors\n", errors - kMaxErrors);
  return out;
}

}  // namespace sonde
