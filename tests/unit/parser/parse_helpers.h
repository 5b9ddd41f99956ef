// What the parser's tests share.
#pragma once

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "base/diagnostics.h"
#include "base/source.h"
#include "parser/parser.h"

namespace sonde::parser {

// A script with all that the parser says of it.
struct Parsed {
  explicit Parsed(std::string text) {
    file = sources.Add("test.bt", std::move(text));
    ast = Parse(sources, file, diagnostics);
  }

  std::string Errors() const { return RenderAll(diagnostics, sources, true); }
  std::string Tree(bool spans = false) const { return Dump(*ast, sources, spans); }
  std::string Formatted() const { return Format(*ast, sources); }

  SourceManager sources;
  FileId file = 0;
  Diagnostics diagnostics;
  std::unique_ptr<const Ast> ast;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Fails unless formatting keeps the tree and every comment, and formatting again changes nothing.
void ExpectFormatKeepsMeaning(const Parsed& parsed);

}  // namespace sonde::parser
