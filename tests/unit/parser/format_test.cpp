// Every script of the repository keeps its meaning and its comments when it is formatted.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "parse_helpers.h"

namespace sonde::parser {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> AllScripts() {
  std::vector<fs::path> paths;
  const fs::path root = fs::path(SONDE_TEST_DIR).parent_path();
  for (const char* folder : {"tests", "src", "bench", "docs"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() == ".bt") paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

TEST(Format, KeepsTheMeaningOfEveryScript) {
  size_t formatted = 0;
  for (const fs::path& path : AllScripts()) {
    SCOPED_TRACE(path.string());
    Parsed parsed(ReadFile(path));
    if (parsed.diagnostics.HasErrors()) continue;  // a test of what the parser refuses
    ExpectFormatKeepsMeaning(parsed);
    ++formatted;
  }
  EXPECT_GT(formatted, 100U);
}

}  // namespace
}  // namespace sonde::parser
