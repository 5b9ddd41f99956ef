#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tools.h"

int main(int argc, char** argv) {
  using namespace sonde::cli;
  try {
    if (argc < 2) {
      fmt::print(stderr, "{}", UsageText());
      return 1;
    }
    std::vector<const char*> words(argv, argv + argc);
    std::vector<std::string> tool;
    if (std::string_view(words[1]) == "tool") {
      auto given = ToolCommandLine(std::span(words).subspan(2));
      if (!given) return Refuse(given.error());
      if (given->empty()) return 0;
      tool = std::move(*given);
      words.clear();
      for (const std::string& word : tool) words.push_back(word.c_str());
    }
    const auto options = ParseOptions(static_cast<int>(words.size()), words.data());
    return options ? RunCommand(*options) : Refuse(options.error());
  } catch (const std::exception& error) {  // of the libraries below us: no memory, mostly
    fmt::print(stderr, "sonde: error: {}\n", error.what());
    return 1;
  }
}
