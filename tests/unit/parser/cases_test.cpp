// Runs every script of tests/cases/parser and tests/seeds through the parser.
//
// `// ERROR: text` expects an error on its line whose message contains the text (several on one line are fine); a
// script without any must parse without errors and keep its meaning when formatted. `// RUN: fmt`, `// RUN: ast` or
// `// RUN: spans` on the first line compares the formatted script or the tree with the lines after `// EXPECT:`.
// SONDE_UPDATE=1 in the environment writes what came out into the files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "parse_helpers.h"

namespace sonde::parser {
namespace {

constexpr std::string_view kRun = "// RUN: ";
constexpr std::string_view kExpect = "// EXPECT:\n";
constexpr std::string_view kError = "// ERROR: ";

struct ExpectedError {
  uint32_t line;
  std::string text;
};

struct Case {
  std::string path;
  std::string run;     // fmt, ast, spans or empty
  std::string header;  // the RUN line
  std::string script;
  std::string expected;
};

std::vector<std::string> ScriptsIn(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SONDE_TEST_DIR) + folder)) {
    if (entry.path().extension() == ".bt") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string Uncommented(std::string_view block) {
  std::string out;
  while (!block.empty()) {
    size_t end = block.find('\n');
    std::string_view line = block.substr(0, end);
    line.remove_prefix(std::min<size_t>(line.size(), line.starts_with("// ") ? 3 : 2));
    out.append(line).append("\n");
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + 1);
  }
  return out;
}

std::string Commented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    out.append(end == 0 ? "//" : "// ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Case Load(const std::string& path) {
  Case test;
  test.path = path;
  std::string text = ReadFile(path);
  if (text.starts_with(kRun)) {
    size_t end = text.find('\n');
    test.run = text.substr(kRun.size(), end - kRun.size());
    test.header = text.substr(0, end + 1);
    text.erase(0, end + 1);
  }
  size_t expect = text.find(kExpect);
  test.script = text.substr(0, expect);
  if (expect != std::string::npos) test.expected = Uncommented(text.substr(expect + kExpect.size()));
  return test;
}

std::vector<ExpectedError> ErrorsIn(std::string_view script) {
  std::vector<ExpectedError> errors;
  uint32_t line = 1;
  for (size_t i = 0; i < script.size(); ++i) {
    if (script[i] == '\n') ++line;
    if (!script.substr(i).starts_with(kError)) continue;
    size_t end = std::min(script.find('\n', i), script.find(kError, i + 1));
    std::string text(script.substr(i + kError.size(), end - i - kError.size()));
    while (text.ends_with(' ')) text.pop_back();
    errors.push_back({line, text});
  }
  return errors;
}

void CheckErrors(const Case& test, const Parsed& parsed) {
  std::vector<ExpectedError> expected = ErrorsIn(test.script);
  for (const Diagnostic& diagnostic : parsed.diagnostics.all()) {
    uint32_t line = parsed.sources.Locate(diagnostic.span).line;
    auto match = std::ranges::find_if(expected, [&](const ExpectedError& error) {
      return error.line == line && diagnostic.message.find(error.text) != std::string::npos;
    });
    if (match == expected.end()) {
      ADD_FAILURE() << test.path << ": unexpected\n" << Render(diagnostic, parsed.sources);
    } else {
      expected.erase(match);
    }
  }
  for (const ExpectedError& error : expected) {
    ADD_FAILURE() << test.path << ":" << error.line << ": no error contains '" << error.text << "'\n"
                  << parsed.Errors();
  }
}

void CheckOutput(const Case& test, const Parsed& parsed) {
  if (test.run.empty()) return;
  std::string output = test.run == "fmt" ? parsed.Formatted() : parsed.Tree(test.run == "spans");
  if (std::getenv("SONDE_UPDATE")) {
    std::ofstream(test.path, std::ios::binary) << test.header << test.script << kExpect << Commented(output);
    return;
  }
  EXPECT_EQ(output, test.expected);
}

class ParserCase : public testing::TestWithParam<std::string> {};

TEST_P(ParserCase, BehavesAsItsCommentsSay) {
  Case test = Load(GetParam());
  Parsed parsed(test.script);
  CheckErrors(test, parsed);
  CheckOutput(test, parsed);
  if (!parsed.diagnostics.HasErrors()) ExpectFormatKeepsMeaning(parsed);
}

std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem();
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, ParserCase, testing::ValuesIn(ScriptsIn("/cases/parser")), NameOf);
INSTANTIATE_TEST_SUITE_P(Seeds, ParserCase, testing::ValuesIn(ScriptsIn("/seeds")), NameOf);

TEST(Seeds, OneLinersParse) {
  std::istringstream lines(ReadFile(std::string(SONDE_TEST_DIR) + "/seeds/one-liners.txt"));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    Parsed parsed(line);
    EXPECT_EQ(parsed.Errors(), "");
    ExpectFormatKeepsMeaning(parsed);
  }
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace sonde::parser
