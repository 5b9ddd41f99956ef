// Any bytes: the parser ends with a tree or a diagnostic; a tree without errors can be written, and read again as the
// same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "parser/parser.h"

namespace {

struct Parsed {
  explicit Parsed(std::string text) : file(sources.Add("fuzz", std::move(text))) {
    ast = sonde::parser::Parse(sources, file, diagnostics);
  }

  sonde::SourceManager sources;
  sonde::Diagnostics diagnostics;
  sonde::FileId file;
  std::unique_ptr<const sonde::parser::Ast> ast;
};

void Require(bool holds, const char* what, const std::string& first, const std::string& second) {
  if (holds) return;
  std::fprintf(stderr, "%s\n--- first\n%s\n--- second\n%s\n", what, first.c_str(), second.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Parsed parsed(std::string(reinterpret_cast<const char*>(data), size));
  if (parsed.ast == nullptr) return 0;
  const std::string tree = sonde::parser::Dump(*parsed.ast, parsed.sources, false);
  sonde::parser::Dump(*parsed.ast, parsed.sources, true);
  const std::string formatted = sonde::parser::Format(*parsed.ast, parsed.sources);
  if (parsed.diagnostics.HasErrors()) return 0;
  const Parsed again(formatted);
  Require(again.ast != nullptr && !again.diagnostics.HasErrors(), "formatted text does not parse", tree, formatted);
  const std::string tree_again = sonde::parser::Dump(*again.ast, again.sources, false);
  Require(tree == tree_again, "formatted text is another program", tree, tree_again);
  const std::string formatted_again = sonde::parser::Format(*again.ast, again.sources);
  Require(formatted == formatted_again, "formatting twice differs", formatted, formatted_again);
  return 0;
}
