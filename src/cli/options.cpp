#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/suggest.h"
#include "output/sinks.h"

namespace sonde::cli {
namespace {

// Applies one option. The result is empty, or says what was expected instead of `value`.
using SetOption = std::string_view (*)(Options& options, const std::string& value);

// One option; help and parser both read this table.
struct OptionRow {
  std::string_view group;
  std::string_view names;  // "-h,--help"
  std::string_view value;  // "FILE"; empty for a flag
  std::string_view help;
  SetOption set;
};

template <auto kMember>
std::string_view SetText(Options& options, const std::string& value) {
  options.*kMember = value;
  return "";
}

template <auto kMember>
std::string_view AddText(Options& options, const std::string& value) {
  (options.*kMember).push_back(value);
  return "";
}

template <auto kMember, bool kValue>
std::string_view SetFlag(Options& options, const std::string& /*value*/) {
  options.*kMember = kValue;
  return "";
}

template <Command kCommand>
std::string_view SetCommand(Options& options, const std::string& /*value*/) {
  options.command = kCommand;
  return "";
}

std::string_view SetPid(Options& options, const std::string& value) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), pid);
  if (error != std::errc() || end != value.data() + value.size() || pid <= 0) return "a process id";
  options.pid = pid;
  return "";
}

template <typename T>
struct Word {
  std::string_view word;
  T value;
};

template <typename T, size_t kSize>
bool FindWord(const Word<T> (&words)[kSize], std::string_view word, T& value) {
  const auto* const found = std::ranges::find(words, word, &Word<T>::word);
  if (found == std::end(words)) return false;
  value = found->value;
  return true;
}

std::string_view SetFormat(Options& options, const std::string& value) {
  options.format = value;
  return output::FindSinkKind(value) != nullptr ? "" : "text or json";
}

std::string_view SetBuffering(Options& options, const std::string& value) {
  using output::Buffering;
  static constexpr Word<Buffering> kWords[] = {
      {"none", Buffering::kNone}, {"line", Buffering::kLine}, {"full", Buffering::kFull}};
  return FindWord(kWords, value, options.buffering) ? "" : "none, line or full";
}

std::string_view SetStage(Options& options, const std::string& value) {
  static constexpr Word<Stage> kWords[] = {{"ast", Stage::kAst},
                                           {"program", Stage::kProgram},
                                           {"ir", Stage::kIr},
                                           {"asm", Stage::kAssembly},
                                           {"elf", Stage::kElf}};
  options.command = Command::kEmit;
  return FindWord(kWords, value, options.stage) ? "" : "ast, program, ir, asm or elf";
}

constexpr std::string_view kScript = "Script";
constexpr std::string_view kProcess = "Processes";
constexpr std::string_view kOutput = "Output";
constexpr std::string_view kOther = "Instead of tracing";

constexpr OptionRow kRows[] = {
    {kScript, "-e", "PROGRAM", "run this program", SetText<&Options::program>},
    {kScript, "-I", "DIR", "look for C headers in DIR too", AddText<&Options::include_dirs>},
    {kScript, "--include", "FILE", "begin with #include \"FILE\"", AddText<&Options::forced_includes>},
    {kScript, "--unsafe", "", "allow functions that change the system", SetFlag<&Options::unsafe, true>},

    {kProcess, "-c", "COMMAND", "start COMMAND once all probes are attached; stop when it ends",
     SetText<&Options::child>},
    {kProcess, "-p", "PID", "stop when this process ends", SetPid},

    {kOutput, "-o", "FILE", "write to FILE, not to standard output", SetText<&Options::output>},
    {kOutput, "-f", "FORMAT", "text (the default) or json", SetFormat},
    {kOutput, "-B", "MODE",
     "write after each event (none), line (line: the default on a terminal) or full buffer (full)", SetBuffering},
    {kOutput, "-q", "", "say nothing of what is attached", SetFlag<&Options::quiet, true>},
    {kOutput, "-v", "", "say more: fields with -l, verifier logs with errors", SetFlag<&Options::verbose, true>},
    {kOutput, "--no-warnings", "", "leave out warnings", SetFlag<&Options::warnings, false>},

    {kOther, "-l", "", "list probes: all, those of a PATTERN, or those of a script; -lv with fields",
     SetCommand<Command::kList>},
    {kOther, "--dry-run", "", "attach all probes, then end", SetFlag<&Options::dry_run, true>},
    {kOther, "--fmt", "", "print the script in standard layout", SetCommand<Command::kFormat>},
    {kOther, "--emit", "STEP", "print what a step makes: ast, program, ir, asm or elf", SetStage},
    {kOther, "-V,--version", "", "print the version", SetCommand<Command::kVersion>},
    {kOther, "-h,--help", "", "print this help", SetCommand<Command::kHelp>},
};

constexpr std::string_view kUsage =
    "usage: sonde [OPTIONS] -e PROGRAM [PARAMETERS]\n"
    "       sonde [OPTIONS] FILE [PARAMETERS]          FILE may be - for standard input\n"
    "       sonde -l [PATTERN]\n";

constexpr std::string_view kExamples =
    "\nExamples:\n"
    "  sonde -l 'tracepoint:syscalls:*openat*'\n"
    "      list the tracepoints with openat in their names; -lv shows their fields\n"
    "  sonde -e 'tracepoint:syscalls:sys_enter_execve { printf(\"%s: \", comm); join(args.argv) }'\n"
    "      show what is started, with arguments\n"
    "  sonde -e 'tracepoint:syscalls:sys_enter_* { @[probe] = count(); }' -c 'ls -R /usr'\n"
    "      count the system calls made while a command runs\n"
    "  sonde -e 'tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = hist(args.ret); }'\n"
    "      histograms of what read() returns, until Ctrl-C\n";

std::string ConfigHelp() {
  std::string text = "\nEnvironment (SONDE_X, or BPFTRACE_X; in a script: config = { x=value; }):\n";
  for (const ConfigVariable& variable : ConfigVariables()) {
    if (variable.set == nullptr) continue;
    std::string name = "SONDE_" + std::string(variable.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    text += fmt::format("  {:<24} {} ({})\n", name, variable.help, variable.default_value);
  }
  return text;
}

std::string LongestName(std::string_view names) { return std::string(names.substr(names.find(',') + 1)); }

const OptionRow* FindOption(std::string_view name) {
  const auto* const row = std::ranges::find_if(kRows, [name](const OptionRow& known) {
    return known.names == name || known.names.starts_with(fmt::format("{},", name)) ||
           known.names.ends_with(fmt::format(",{}", name));
  });
  return row == std::end(kRows) ? nullptr : row;
}

std::string UnknownOption(std::string_view name) {
  std::vector<std::string> known;
  for (const OptionRow& row : kRows) known.push_back(LongestName(row.names));
  const std::string near = name.starts_with("--") ? NearestName(name, known) : "";
  const std::string hint = near.empty() ? "" : fmt::format(", did you mean {}?", near);
  return fmt::format("unknown option {}{}; sonde -h lists them", name, hint);
}

// Reads words as getopt does: options and other words in any order, `-abc` for `-a -b -c`, `-oFILE`, `--name=value`;
// after `--`, and for negative numbers, words are words.
class Reader {
 public:
  Reader(std::span<const char* const> arguments, Options& options) : arguments_(arguments), options_(options) {}

  // Empty, or what is wrong.
  std::string Read(std::vector<std::string>& words) {
    std::string problem;
    while (problem.empty() && next_ < arguments_.size()) {
      const std::string_view word = arguments_[next_++];
      if (word == "--") {
        words.insert(words.end(), arguments_.begin() + static_cast<ptrdiff_t>(next_), arguments_.end());
        break;
      }
      if (word.starts_with("--")) {
        problem = ReadLong(word);
      } else if (word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) == 0) {
        problem = ReadCluster(word);
      } else {
        words.emplace_back(word);
      }
    }
    return problem;
  }

 private:
  std::string ReadLong(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const OptionRow* row = FindOption(name);
    if (row == nullptr) return UnknownOption(name);
    if (equals == std::string_view::npos) return row->value.empty() ? Apply(*row, name, "") : ApplyNext(*row, name);
    if (row->value.empty()) return fmt::format("{} takes no value", name);
    return Apply(*row, name, word.substr(equals + 1));
  }

  std::string ReadCluster(std::string_view word) {
    for (size_t i = 1; i < word.size(); ++i) {
      const std::string name = {'-', word[i]};
      const OptionRow* row = FindOption(name);
      if (row == nullptr) return UnknownOption(name);
      if (!row->value.empty()) {
        return i + 1 < word.size() ? Apply(*row, name, word.substr(i + 1)) : ApplyNext(*row, name);
      }
      if (std::string problem = Apply(*row, name, ""); !problem.empty()) return problem;
    }
    return "";
  }

  std::string ApplyNext(const OptionRow& row, std::string_view name) {
    if (next_ == arguments_.size()) return fmt::format("{} needs a {}", name, row.value);
    return Apply(row, name, arguments_[next_++]);
  }

  std::string Apply(const OptionRow& row, std::string_view name, std::string_view value) {
    const std::string_view expected = row.set(options_, std::string(value));
    return expected.empty() ? "" : fmt::format("{} {}: expected {}", name, value, expected);
  }

  std::span<const char* const> arguments_;
  Options& options_;
  size_t next_ = 0;
};

// Words without a dash: the script's file unless -e gave the program, then its parameters.
void TakeWords(Options& options, std::vector<std::string> words) {
  // The lone word of -l is a pattern unless it names a file; commands settle that.
  if (!options.program && options.command != Command::kList && !words.empty()) {
    options.file = std::move(words.front());
    words.erase(words.begin());
  }
  options.parameters = std::move(words);
}

std::string Inconsistency(const Options& options) {
  const bool wants_script =
      options.command == Command::kRun || options.command == Command::kFormat || options.command == Command::kEmit;
  if (wants_script && !options.program && !options.file) return "no script: give a FILE or -e PROGRAM";
  if (options.pid && options.child) return "-p and -c exclude each other";
  return "";
}

}  // namespace

std::expected<Options, std::string> ParseOptions(int argc, const char* const* argv) {
  Options options;
  std::vector<std::string> words;
  const std::span all(argv, static_cast<size_t>(argc));
  std::string problem = Reader(all.subspan(std::min<size_t>(1, all.size())), options).Read(words);
  if (!problem.empty()) return std::unexpected(problem);
  problem = SetFromEnvironment(options.config, [](const char* name) -> const char* { return std::getenv(name); });
  if (!problem.empty()) return std::unexpected(problem);
  if (const char* folder = std::getenv("SONDE_FIXTURE_HOST")) options.fixture_host = folder;
  TakeWords(options, std::move(words));
  problem = Inconsistency(options);
  if (!problem.empty()) return std::unexpected(problem);
  return options;
}

std::string UsageText() { return std::string(kUsage) + "       sonde -h lists the options\n"; }

std::string HelpText() {
  std::string text = "sonde traces what Linux does, by scripts in the language of bpftrace.\n\n" + std::string(kUsage);
  std::string_view group;
  for (const OptionRow& row : kRows) {
    if (row.group != group) text += fmt::format("\n{}:\n", group = row.group);
    std::string names(row.names);
    if (const size_t comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
    text += fmt::format("  {:<16} {}\n", row.value.empty() ? names : fmt::format("{} {}", names, row.value), row.help);
  }
  text += ConfigHelp();
  text += kExamples;
  text += "\nExit status: that of exit() in the script, 1 when a script or an option was refused, else 0.\n";
  return text;
}

}  // namespace sonde::cli
