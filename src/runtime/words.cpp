#include "runtime/words.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace sonde::runtime {
namespace {

std::unexpected<Error> CannotRun(std::string_view what, std::string reason, std::string remedy = "") {
  return std::unexpected(
      Error{.operation = "run", .object = std::string(what), .reason = std::move(reason), .remedy = std::move(remedy)});
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// The characters that a backslash takes the meaning of, inside double quotes.
bool IsSpecialInQuotes(char c) { return c == '"' || c == '\\' || c == '$' || c == '`'; }

bool IsExecutableFile(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::vector<std::string>> SplitWords(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // empty quotes make an empty word
  char quote = 0;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && IsBlank(c)) {
      if (std::exchange(in_word, false)) words.push_back(std::exchange(word, ""));
      continue;
    }
    in_word = true;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < command.size() &&
               (quote == 0 || IsSpecialInQuotes(command[i + 1]))) {
      word += command[++i];
    } else {
      word += c;
    }
  }
  if (quote != 0) return CannotRun(command, std::string("the quote ") + quote + " is not closed");
  if (in_word) words.push_back(word);
  if (words.empty()) return CannotRun("the command", "it is empty");
  return words;
}

Result<std::string> FindExecutable(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (IsExecutableFile(program)) return program;
    struct stat status;
    if (stat(program.c_str(), &status) != 0) return SystemError("run", program);
    return CannotRun(program, "it is not an executable file");
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!program.empty()) {
    const size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    std::string candidate = (folder.empty() ? "." : std::string(folder)) + "/" + program;
    if (IsExecutableFile(candidate)) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return CannotRun(program, "command not found");
}

}  // namespace sonde::runtime
