// What a user is told about a script: range, message, notes, hint and a stable id; several per run.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source.h"

namespace sonde {

enum class Severity { kError, kWarning };

// A stable name such as "unknown-field", for tests and for looking a message up. Each room declares its own as
// constants in its diagnostic_ids.h.
struct DiagnosticId {
  std::string_view name;
};

struct DiagnosticNote {
  Span span;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::kError;
  DiagnosticId id;
  Span span;
  std::string message;  // lower case, without a final period
  std::vector<DiagnosticNote> notes;
  std::string hint;  // what to write instead; may be empty

  Diagnostic& Note(Span note_span, std::string text);
  Diagnostic& Hint(std::string text);
};

// Collects the diagnostics of one compilation. References returned by Error and Warning are valid until the next call.
class Diagnostics {
 public:
  Diagnostic& Error(DiagnosticId id, Span span, std::string message);
  Diagnostic& Warning(DiagnosticId id, Span span, std::string message);

  // The Span::expansion of what is reported from now on without one of its own; returns the one before.
  uint32_t EnterExpansion(uint32_t expansion) { return std::exchange(expansion_, expansion); }

  bool HasErrors() const { return error_count_ > 0; }
  size_t error_count() const { return error_count_; }
  const std::vector<Diagnostic>& all() const { return all_; }

 private:
  std::vector<Diagnostic> all_;
  size_t error_count_ = 0;
  uint32_t expansion_ = 0;
};

// One diagnostic as text: "file:line:col: error: message", the quoted line with a caret under the range, notes,
// macro call sites and hint. Control bytes in the quoted line are shown as '?', long lines are cut around the range.
std::string Render(const Diagnostic& diagnostic, const SourceManager& sources);

// All of them in the order of their positions, at most 20 errors, then how many were left out.
std::string RenderAll(const Diagnostics& diagnostics, const SourceManager& sources, bool warnings);

}  // namespace sonde
