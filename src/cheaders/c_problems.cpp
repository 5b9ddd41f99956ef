#include "cheaders/c_problems.h"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace sonde::cheaders {
namespace {

struct Place {
  std::string file;  // empty: the command line
  unsigned line = 0;
  unsigned column = 0;
  unsigned offset = 0;
};

Place Locate(const Libclang& clang, CXSourceLocation location) {
  Place place;
  CXFile file = nullptr;
  clang.clang_getExpansionLocation(location, &file, &place.line, &place.column, &place.offset);
  if (file != nullptr) place.file = clang.Text(clang.clang_getFileName(file));
  return place;
}

// Where in the main file each header was included, at first.
class IncludePlaces {
 public:
  IncludePlaces(const Libclang& clang, CXTranslationUnit unit) : clang_(clang) {
    clang.clang_getInclusions(unit, Visit, this);
  }
  uint32_t Of(const std::string& header) const {
    const auto place = places_.find(header);
    return place == places_.end() ? 0 : place->second;
  }

 private:
  // `stack` leads from the `#include` of `file` outwards; its last place is in the main file.
  static void Visit(CXFile file, CXSourceLocation* stack, unsigned length, CXClientData self) {
    if (length == 0) return;
    auto& places = *static_cast<IncludePlaces*>(self);
    const Place place = Locate(places.clang_, stack[length - 1]);
    places.places_.try_emplace(places.clang_.Text(places.clang_.clang_getFileName(file)), place.offset);
  }

  const Libclang& clang_;
  std::map<std::string, uint32_t> places_;
};

CProblem InHeader(const Place& place, uint32_t include_offset, std::string message) {
  std::string header =
      place.file.empty() ? std::string("--include") : fmt::format("{}:{}:{}", place.file, place.line, place.column);
  return {.in_preamble = false, .offset = include_offset, .header = std::move(header), .message = std::move(message)};
}

// The text between the quotes behind `words`; empty when the message does not say so.
std::string QuotedBehind(std::string_view message, std::string_view words) {
  const size_t at = message.find(words);
  if (at == std::string_view::npos) return "";
  message.remove_prefix(at + words.size());
  return std::string(message.substr(0, message.find('\'')));
}

// As clang words it; `incomplete type 'struct x'` comes in several sentences.
std::string MissingType(std::string_view message) {
  std::string name = QuotedBehind(message, "unknown type name '");
  return name.empty() ? QuotedBehind(message, "incomplete type '") : name;
}

}  // namespace

std::set<unsigned> ErrorLines(const Libclang& clang, CXTranslationUnit unit, const std::string& main_file) {
  std::set<unsigned> lines;
  const unsigned count = clang.clang_getNumDiagnostics(unit);
  for (unsigned i = 0; i < count; ++i) {
    CXDiagnostic diagnostic = clang.clang_getDiagnostic(unit, i);
    if (clang.clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
      const Place place = Locate(clang, clang.clang_getDiagnosticLocation(diagnostic));
      if (place.file == main_file) lines.insert(place.line);
    }
    clang.clang_disposeDiagnostic(diagnostic);
  }
  return lines;
}

std::vector<CProblem> ReadProblems(const Libclang& clang, CXTranslationUnit unit, const ProblemInput& input) {
  std::vector<CProblem> problems;
  const unsigned count = clang.clang_getNumDiagnostics(unit);
  const IncludePlaces includes(clang, unit);
  bool is_open = input.is_preamble_open;
  for (unsigned i = 0; i < count; ++i) {
    CXDiagnostic diagnostic = clang.clang_getDiagnostic(unit, i);
    const CXDiagnosticSeverity severity = clang.clang_getDiagnosticSeverity(diagnostic);
    const Place place = Locate(clang, clang.clang_getDiagnosticLocation(diagnostic));
    std::string message = clang.Text(clang.clang_getDiagnosticSpelling(diagnostic));
    clang.clang_disposeDiagnostic(diagnostic);
    const bool is_error = severity >= CXDiagnostic_Error;
    if (!is_error && severity != CXDiagnostic_Warning) continue;
    if (place.file != input.main_file) {
      if (is_error) problems.push_back(InHeader(place, includes.Of(place.file), std::move(message)));
      continue;
    }
    const bool is_ours = place.offset >= input.blocks_offset;
    const bool is_behind = place.offset >= input.preamble_size;
    if (is_ours && !(is_open && is_error)) continue;
    if (is_behind && !is_ours && !is_error) continue;  // a warning about the sentinel
    if (is_error) is_open = false;                     // said what is wrong; what follows from it is noise
    const uint32_t offset = is_behind ? input.preamble_size : place.offset;
    std::string missing = is_error ? MissingType(message) : "";
    problems.push_back({.in_preamble = true,
                        .offset = offset,
                        .header = "",
                        .message = std::move(message),
                        .is_error = is_error,
                        .missing_type = std::move(missing)});
  }
  // Bodies of functions are skipped unseen: one without its closing brace takes all the rest with it.
  if (is_open) {
    problems.push_back({.in_preamble = true,
                        .offset = input.preamble_size,
                        .header = "",
                        .message = "the C code ends in the middle of a function or declaration"});
  }
  return problems;
}

}  // namespace sonde::cheaders
