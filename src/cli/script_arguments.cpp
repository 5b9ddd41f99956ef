#include "cli/script_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/suggest.h"
#include "parser/literals.h"

namespace sonde::cli {
namespace {

using sema::OptionValue;
using sema::ScriptOption;

constexpr std::string_view kHelp = "help";

std::string TypeWord(const OptionValue& value) {
  if (std::holds_alternative<bool>(value)) return "true or false";
  return std::holds_alternative<int64_t>(value) ? "a number" : "a string";
}

// As the language writes it, but that 010 is ten: 0x1f, 1e6, 50ms.
std::optional<int64_t> ReadNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) == 0) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    const auto literal = parser::ParseInteger(text);
    if (!literal) return std::nullopt;
    value = *literal;
  }
  return static_cast<int64_t>(negative ? 0 - value : value);
}

// `text` as what the default is; nothing when it is not one.
std::optional<OptionValue> Convert(std::string_view text, const OptionValue& like) {
  if (std::holds_alternative<std::string>(like)) return std::string(text);
  if (std::holds_alternative<int64_t>(like)) return ReadNumber(text);
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

std::string Unknown(std::string_view name, std::span<const ScriptOption> options) {
  if (options.empty()) return fmt::format("unknown option --{}: the script has none", name);
  std::vector<std::string> names;
  for (const ScriptOption& option : options) names.push_back("--" + option.name);
  const std::string near = NearestName(fmt::format("--{}", name), names);
  const std::string hint = near.empty() ? "" : fmt::format(", did you mean {}?", near);
  return fmt::format("unknown option --{}{}; the script has {}", name, hint, fmt::join(names, " "));
}

class Reader {
 public:
  Reader(std::span<const std::string> words, std::span<const ScriptOption> options, ScriptArguments& result)
      : words_(words), options_(options), result_(result) {}

  // Empty, or what is wrong.
  std::string Read() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (word == "--") break;
      std::string problem;
      if (word.starts_with("--")) {
        problem = ReadOption(std::string_view(word).substr(2));
      } else if (IsLetters(word)) {
        problem = ReadLetters(std::string_view(word).substr(1));
      } else {
        result_.parameters.push_back(word);
      }
      if (!problem.empty()) return problem;
    }
    result_.parameters.insert(result_.parameters.end(), words_.begin() + static_cast<ptrdiff_t>(next_), words_.end());
    return "";
  }

 private:
  std::string ReadOption(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const auto option = std::ranges::find(options_, name, &ScriptOption::name);
    if (option == options_.end() && name == kHelp) {
      result_.wants_help = true;
      return "";
    }
    if (option == options_.end()) return Unknown(name, options_);
    const OptionValue& like = option->default_value;
    if (equals == std::string_view::npos && std::holds_alternative<bool>(like)) return Set(*option, "true");
    if (equals != std::string_view::npos) return Set(*option, word.substr(equals + 1));
    if (next_ == words_.size()) return fmt::format("--{} needs {}", name, TypeWord(like));
    return Set(*option, words_[next_++]);
  }

  // Words such as -x are parameters of a script whose options have no letters.
  bool IsLetters(std::string_view word) const {
    return word.size() > 1 && word[0] == '-' && std::isalpha(static_cast<unsigned char>(word[1])) != 0 &&
           std::ranges::any_of(options_, [](const ScriptOption& option) { return option.letter != 0; });
  }

  // -TU is -T -U; what needs a value takes the rest of the word, or the next word.
  std::string ReadLetters(std::string_view letters) {
    for (size_t i = 0; i < letters.size(); ++i) {
      const auto option = std::ranges::find(options_, letters[i], &ScriptOption::letter);
      if (option == options_.end()) return fmt::format("unknown option -{}; --help lists the options", letters[i]);
      std::string_view text = "true";
      if (!std::holds_alternative<bool>(option->default_value)) {
        text = letters.substr(i + 1);
        if (text.empty() && next_ == words_.size())
          return fmt::format("-{} needs {}", letters[i], TypeWord(option->default_value));
        if (text.empty()) text = words_[next_++];
        i = letters.size();
      }
      if (std::string problem = Set(*option, text); !problem.empty()) return problem;
    }
    return "";
  }

  std::string Set(const ScriptOption& option, std::string_view text) {
    std::optional<OptionValue> value = Convert(text, option.default_value);
    if (!value) return fmt::format("--{} {}: expected {}", option.name, text, TypeWord(option.default_value));
    result_.values[option.name] = std::move(*value);
    return "";
  }

  std::span<const std::string> words_;
  std::span<const ScriptOption> options_;
  ScriptArguments& result_;
  size_t next_ = 0;
};

std::string Text(const OptionValue& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  return fmt::format("\"{}\"", std::get<std::string>(value));
}

}  // namespace

std::expected<ScriptArguments, std::string> ReadScriptArguments(std::span<const std::string> parameters,
                                                                std::span<const std::string> own,
                                                                std::span<const ScriptOption> options) {
  ScriptArguments result{.parameters = {parameters.begin(), parameters.end()}};
  if (std::string problem = Reader(own, options, result).Read(); !problem.empty()) return std::unexpected(problem);
  return result;
}

std::string ScriptUsage(const std::string& script, std::span<const ScriptOption> options) {
  return fmt::format("usage: sonde [OPTIONS] {} [PARAMETERS]{}\n", script, options.empty() ? "" : " -- [SCRIPT OPTIONS]");
}

std::string ScriptHelp(const std::string& usage, std::span<const ScriptOption> options) {
  if (options.empty()) return usage + "\nThe script has no options of its own.\n";
  std::string text = usage + "\nOptions of the script:\n";
  for (const ScriptOption& option : options) {
    const OptionValue& value = option.default_value;
    std::string name = option.letter == 0 ? "    " : fmt::format("-{}, ", option.letter);
    name += "--" + option.name;
    if (std::holds_alternative<int64_t>(value)) name += "=NUMBER";
    if (std::holds_alternative<std::string>(value)) name += "=TEXT";
    const std::string help = option.help.empty() ? "" : option.help + " ";
    text += fmt::format("  {:<26} {}(default: {})\n", name, help, Text(value));
  }
  return text;
}

}  // namespace sonde::cli
