#include "cli/tools.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/suggest.h"
#include "output/writer.h"

namespace sonde::cli {
namespace {

namespace fs = std::filesystem;

// Where this program is installed, or was built.
fs::path Folder() {
  if (const char* given = std::getenv("SONDE_TOOLS")) return given;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* place : {"../share/sonde/tools", "../../../tools"}) {
    fs::path folder = (program / place).lexically_normal();
    if (fs::is_directory(folder, error)) return folder;
  }
  return {};
}

std::vector<std::string> Names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".bt") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

// `// name: what it shows.` is the first comment of a tool.
std::string Summary(const fs::path& file, const std::string& name) {
  std::ifstream stream(file);
  const std::string mark = "// " + name + ": ";
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(mark)) return line.substr(mark.size());
  }
  return "";
}

void List(const fs::path& folder, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += fmt::format("{:<14} {}\n", name, Summary(folder / (name + ".bt"), name));
  }
  text +=
      "\nsonde tool NAME --help lists the options of one; sonde's own -c, -o, -f and -q stand before or behind the "
      "name.\n";
  output::WriteAll(STDOUT_FILENO, text);
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::expected<std::vector<std::string>, std::string> ToolCommandLine(std::span<const char* const> arguments) {
  const fs::path folder = Folder();
  if (folder.empty()) return std::unexpected("the tools are not installed; SONDE_TOOLS may name their folder");
  const std::vector<std::string> names = Names(folder);
  std::vector<std::string> own{"sonde"};
  std::vector<std::string> tools;
  std::string name;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (IsOneOf(word, {"-c", "-o", "-f", "-B"}) && i + 1 < arguments.size()) {
      own.emplace_back(word);
      own.emplace_back(arguments[++i]);
    } else if (IsOneOf(word, {"-q", "-v"})) {
      own.emplace_back(word);
    } else if (name.empty() && !word.starts_with('-')) {
      name = word;
    } else {
      tools.emplace_back(word);
    }
  }
  if (name.empty()) {
    List(folder, names);
    return std::vector<std::string>();
  }
  if (!std::ranges::binary_search(names, name)) {
    const std::string nearest = NearestName(name, names);
    return std::unexpected(fmt::format("there is no tool {}{}; sonde tool lists them", name,
                                       nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest)));
  }
  own.push_back(folder / (name + ".bt"));
  own.emplace_back("--");
  std::ranges::move(tools, std::back_inserter(own));
  return own;
}

}  // namespace sonde::cli
