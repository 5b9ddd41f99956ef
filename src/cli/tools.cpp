#include "cli/tools.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/suggest.h"
#include "cli/compile.h"
#include "cli/options.h"
#include "cli/script_arguments.h"
#include "output/writer.h"
#include "sema/script_options.h"

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

// The first comment of the file, which says what the tool is for.
std::string Header(const fs::path& file) {
  std::ifstream stream(file);
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("#!")) continue;
    if (!line.starts_with("//")) break;
    text += line.size() > 3 ? line.substr(3) + "\n" : "\n";
  }
  return text;
}

// Those of what it imports as well.
std::expected<std::vector<sema::ScriptOption>, std::string> OptionsOf(const fs::path& file) {
  Options options;
  options.file = file;
  Compilation compilation(options);
  if (!Compile(compilation, Step::kImport)) return std::unexpected(Complaints(compilation));
  return std::move(compilation.script_options);
}

void List(const fs::path& folder, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += fmt::format("{:<14} {}\n", name, Summary(folder / (name + ".bt"), name));
  }
  text +=
      "\nsonde tool NAME --help lists the options of one. A command behind them is run and traced to its end: sonde tool "
      "opensnoop -x ls.\nOptions of sonde may stand before the name: sonde tool -o FILE opensnoop.\n";
  output::WriteAll(STDOUT_FILENO, text);
}

// A word of the command, as -c takes words.
std::string Quoted(std::string_view word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// Sorts the words of the command line: those of sonde, those of the tool, and the command.
class WordSorter {
 public:
  explicit WordSorter(std::span<const char* const> words) : words_(words) {}

  // Up to the tool's name; empty when there is none.
  std::string TakeName() {
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      if (!word.starts_with('-')) return std::string(word);
      TakeOwn(word);
    }
    return "";
  }

  void TakeRest(std::span<const sema::ScriptOption> options) {
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      if (word == "--help" || (word == "-h" && FindLetter(options, 'h') == nullptr)) {
        wants_help = true;
      } else if (word == "--") {
        // What stands behind it may be options still, as of any script, or the command.
      } else if (!word.starts_with('-') || word == "-") {
        --next_;
        TakeCommand();
      } else if (const sema::ScriptOption* last = LastOption(options, word)) {
        Take(tools, word, !std::holds_alternative<bool>(last->default_value) && !HasValue(word, *last));
      } else if (IsOwn(word)) {
        TakeOwn(word);
      } else {
        tools.emplace_back(word);  // to be refused as an option of the tool
      }
    }
  }

  std::vector<std::string> own;
  std::vector<std::string> tools;
  std::string command;
  bool wants_help = false;

 private:
  static const sema::ScriptOption* FindLetter(std::span<const sema::ScriptOption> options, char letter) {
    const auto found = std::ranges::find(options, letter, &sema::ScriptOption::letter);
    return found == options.end() ? nullptr : &*found;
  }

  // The option of the tool that may take the next word as its value: of -xp that is -p. Null for what is none.
  static const sema::ScriptOption* LastOption(std::span<const sema::ScriptOption> options, std::string_view word) {
    if (word.starts_with("--")) {
      const std::string_view name = word.substr(2, word.find('=') - 2);
      const auto found = std::ranges::find(options, name, &sema::ScriptOption::name);
      return found == options.end() ? nullptr : &*found;
    }
    const sema::ScriptOption* option = nullptr;
    for (const char letter : word.substr(1)) {
      option = FindLetter(options, letter);
      if (option == nullptr || !std::holds_alternative<bool>(option->default_value)) break;
    }
    return option;
  }

  static bool HasValue(std::string_view word, const sema::ScriptOption& option) {
    return word.starts_with("--") ? word.find('=') != std::string_view::npos : word.back() != option.letter;
  }

  static const OptionText* FindOwn(std::string_view word) {
    static const std::vector<OptionText> texts = OptionTexts();
    const std::string_view name = word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
    const auto found = std::ranges::find_if(
        texts, [name](const OptionText& text) { return text.names.substr(text.names.find(',') + 1) == name; });
    return found == texts.end() ? nullptr : &*found;
  }
  static bool IsOwn(std::string_view word) { return FindOwn(word) != nullptr; }

  void TakeOwn(std::string_view word) {
    const OptionText* option = FindOwn(word);
    const bool is_whole = word.starts_with("--") ? word.find('=') == std::string_view::npos : word.size() == 2;
    Take(own, word, option != nullptr && !option->value.empty() && is_whole);
  }

  void Take(std::vector<std::string>& to, std::string_view word, bool with_next) {
    to.emplace_back(word);
    if (with_next && next_ < words_.size()) to.emplace_back(words_[next_++]);
  }

  void TakeCommand() {
    while (next_ < words_.size()) command += (command.empty() ? "" : " ") + Quoted(words_[next_++]);
  }

  std::span<const char* const> words_;
  size_t next_ = 0;
};

std::string NoSuchTool(const std::string& name, const std::vector<std::string>& names) {
  const std::string nearest = NearestName(name, names);
  return fmt::format("there is no tool {}{}; sonde tool lists them", name,
                     nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest));
}

}  // namespace

std::expected<std::vector<std::string>, std::string> ToolCommandLine(std::span<const char* const> arguments) {
  const fs::path folder = Folder();
  if (folder.empty()) return std::unexpected("the tools are not installed; SONDE_TOOLS may name their folder");
  const std::vector<std::string> names = Names(folder);
  WordSorter words(arguments);
  const std::string name = words.TakeName();
  if (name.empty()) {
    List(folder, names);
    return std::vector<std::string>();
  }
  if (!std::ranges::binary_search(names, name)) return std::unexpected(NoSuchTool(name, names));
  const fs::path file = folder / (name + ".bt");
  auto options = OptionsOf(file);
  if (!options) return std::unexpected(options.error());
  words.TakeRest(*options);
  if (words.wants_help) {
    const std::string usage = fmt::format("usage: sonde tool {} [OPTIONS] [COMMAND [ARGUMENTS]]\n\n", name);
    output::WriteAll(STDOUT_FILENO, ScriptHelp(usage + Header(file), *options));
    return std::vector<std::string>();
  }
  std::vector<std::string> line{"sonde"};
  std::ranges::move(words.own, std::back_inserter(line));
  if (!words.command.empty()) line.insert(line.end(), {"-c", words.command});
  line.push_back(file);
  line.emplace_back("--");
  std::ranges::move(words.tools, std::back_inserter(line));
  return line;
}

}  // namespace sonde::cli
