#include "cli/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/debug_folders.h"
#include "base/name_filter.h"
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
  std::string_view choices = {};  // the words that its value may be, where they are few
  bool is_of_run = false;         // what a script is compiled to does not depend on it
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

template <sema::RunMode kMode>
std::string_view SetMode(Options& options, const std::string& /*value*/) {
  options.mode = kMode;
  return "";
}

std::string_view CountHelperErrors(Options& options, const std::string& /*value*/) {
  ++options.helper_errors;
  return "";
}

std::string_view SetPid(Options& options, const std::string& value) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), pid);
  if (error != std::errc() || end != value.data() + value.size() || pid <= 0) return "a process id";
  options.pid = pid;
  return "";
}

std::string_view SetProbeFilter(Options& options, const std::string& value) {
  options.probe_filter = value;
  return NameFilter(value).is_valid() && !value.empty() ? "" : "a regular expression";
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
  return output::FindSinkKind(value) != nullptr ? "" : "text, json, folded or svg";
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

// The stages as bpftrace calls them.
std::string_view SetDebugStage(Options& options, const std::string& value) {
  static constexpr Word<Stage> kWords[] = {
      {"ast", Stage::kAst}, {"codegen", Stage::kIr}, {"codegen-opt", Stage::kIr}, {"dis", Stage::kAssembly}};
  if (value == "verifier" || value == "libbpf") {
    options.verbose = true;
    return "";
  }
  options.command = Command::kEmit;
  return FindWord(kWords, value, options.stage) ? "" : "ast, codegen, codegen-opt, dis, verifier or libbpf";
}

std::string_view SetDebugFolder(Options& /*options*/, const std::string& value) {
  AddDebugFolder(value);
  return "";
}

// Semaphores are counted by file always.
std::string_view Accept(Options& /*options*/, const std::string& /*value*/) { return ""; }

std::string_view SetReference(Options& options, const std::string& value) {
  options.command = Command::kReference;
  options.reference = value;
  return "";
}

constexpr std::string_view kScript = "Script";
constexpr std::string_view kProcess = "Processes";
constexpr std::string_view kOutput = "Output";
constexpr std::string_view kOther = "Instead of tracing";
constexpr bool kOfRun = true;
constexpr std::string_view kHidden = "";  // for those who build sonde: help leaves them out

constexpr OptionRow kRows[] = {
    {kScript, "-e", "PROGRAM", "run this program", SetText<&Options::program>},
    {kScript, "-I", "DIR", "look for C headers in DIR too", AddText<&Options::include_dirs>},
    {kScript, "--include", "FILE", "begin with #include \"FILE\"", AddText<&Options::forced_includes>},
    {kScript, "--probe-filter", "REGEX", "attach only to probes whose full names match REGEX", SetProbeFilter},
    {kScript, "--traceable-functions", "FILE", "functions that can be traced, in place of the kernel's list",
     SetText<&Options::traceable_functions>},
    {kScript, "--debuginfo", "DIR", "look for separate debug files in DIR too, as they lie in /usr/lib/debug",
     SetDebugFolder},
    {kScript, "--no-cache", "", "compile the script, even if it was compiled before", SetFlag<&Options::use_cache, false>},
    {kScript, "--unsafe", "", "allow functions that change the system", SetFlag<&Options::unsafe, true>},

    {kProcess, "-c", "COMMAND", "start COMMAND once all probes are attached; stop when it ends",
     SetText<&Options::child>, {}, kOfRun},
    {kProcess, "--usdt-file-activation", "", "is always so: semaphores of usdt probes are raised in every process", Accept},
    {kProcess, "-p", "PID", "stop when this process ends", SetPid},

    {kOutput, "-o", "FILE", "write to FILE, not to standard output", SetText<&Options::output>, {}, kOfRun},
    {kOutput, "-f", "FORMAT", "text (the default), json, folded (stacks, a line each) or svg (a picture)", SetFormat,
     "text json folded svg", kOfRun},
    {kOutput, "-B", "MODE",
     "write after each event (none), line (line: the default on a terminal) or full buffer (full)", SetBuffering,
     "none line full", kOfRun},
    {kOutput, "-q", "", "say nothing of what is attached", SetFlag<&Options::quiet, true>, {}, kOfRun},
    {kOutput, "-v", "", "say more: fields with -l, verifier logs with errors", SetFlag<&Options::verbose, true>, {}, kOfRun},
    {kOutput, "-k", "", "tell of helpers of the kernel that fail, but for reads of memory; -kk: of those too",
     CountHelperErrors},
    {kOutput, "--include-self", "", "print what sonde and those who read its output do, too",
     SetFlag<&Options::include_self, true>, {}, kOfRun},
    {kOutput, "--metrics", "[ADDRESS]:PORT", "serve the maps to Prometheus, at /metrics",
     SetText<&Options::metrics>, {}, kOfRun},
    {kOutput, "--no-escape", "", "write control characters of what is traced to a terminal as they are",
     SetFlag<&Options::escape, false>, {}, kOfRun},
    {kOutput, "--no-warnings", "", "leave out warnings", SetFlag<&Options::warnings, false>},

    {kOther, "-l", "", "list probes: all, of a PATTERN, or of a script, and -lv their fields; types: -lv 'struct path'",
     SetCommand<Command::kList>},
    {kOther, "--dry-run", "", "attach all probes, then end", SetFlag<&Options::dry_run, true>, {}, kOfRun},
    {kOther, "--test", "", "run the tests of the script (test:name) and say which failed",
     SetMode<sema::RunMode::kTest>},
    {kOther, "--bench", "", "run its benchmarks (bench:name) and say how long they take",
     SetMode<sema::RunMode::kBench>},
    {kOther, "--fmt", "", "print the script in standard layout", SetCommand<Command::kFormat>},
    {kOther, "--emit", "STEP", "print what a step makes: ast, program, ir, asm or elf", SetStage,
     "ast program ir asm elf"},
    {kOther, "-d", "STAGE", "as --emit, by the words of bpftrace: ast, codegen, codegen-opt, dis; verifier, libbpf: as -v",
     SetDebugStage, "ast codegen codegen-opt dis verifier libbpf"},
    {kOther, "--info", "", "say what this machine lets a tracer do, and what would help where it does not (-f json)",
     SetCommand<Command::kInfo>},
    {kHidden, "--generate", "PAGE", "print what is written of sonde from its own tables", SetReference},
    {kOther, "-V,--version", "", "print the version", SetCommand<Command::kVersion>},
    {kOther, "-h,--help", "", "print this help", SetCommand<Command::kHelp>},
};

constexpr std::string_view kUsage =
    "usage: sonde [OPTIONS] -e PROGRAM [PARAMETERS]\n"
    "       sonde [OPTIONS] FILE [PARAMETERS]          FILE may be - for standard input\n"
    "       sonde -l [PATTERN]\n"
    "       sonde tool [NAME [OPTIONS]]                run a script that comes with sonde, or list them\n";

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
  text += fmt::format("  {:<24} {}\n", "SONDE_CACHE_DIR", "where compiled scripts are kept; empty: nowhere (/var/cache/sonde)");
  return text;
}

std::string LongestName(std::string_view names) { return std::string(names.substr(names.find(',') + 1)); }

std::string UnknownOption(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const OptionText& row : OptionTexts()) known.push_back(LongestName(row.names));
  const std::string near = name.starts_with("--") ? NearestName(name, known) : "";
  const std::string hint = near.empty() ? "" : fmt::format(", did you mean {}?", near);
  return fmt::format("unknown option {}{}; sonde -h lists them", name, hint);
}

// A parameter such as -5 is a word. getopt_long knows no such thing, so it sees them with this mark in front.
constexpr char kNumberMark = '\1';

std::vector<std::string> MarkNumbers(std::span<const char* const> arguments) {
  std::vector<std::string> marked(arguments.begin(), arguments.end());
  for (std::string& word : marked) {
    if (word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) != 0) {
      word.insert(word.begin(), kNumberMark);
    }
  }
  return marked;
}

std::string Unmarked(std::string_view word) { return std::string(word.substr(word.starts_with(kNumberMark) ? 1 : 0)); }

// The rows of the table as getopt_long wants them; it answers with the letter of a short option, and with
// kLongBase + the row's index for a long one.
constexpr int kLongBase = 256;

struct GetoptTables {
  std::string letters = "-:";  // words are returned in their places; a missing value is told from an unknown option
  std::vector<std::string> long_names;
  std::vector<option> long_options;

  GetoptTables() {
    long_names.reserve(std::size(kRows));  // long_options points into it
    for (size_t i = 0; i < std::size(kRows); ++i) {
      const OptionRow& row = kRows[i];
      const bool has_value = !row.value.empty();
      if (row.names[1] != '-') letters += fmt::format("{}{}", row.names[1], has_value ? ":" : "");
      const std::string longest = LongestName(row.names);
      if (!longest.starts_with("--")) continue;
      const std::string& name = long_names.emplace_back(longest.substr(2));
      const int code = kLongBase + static_cast<int>(i);
      long_options.push_back({name.c_str(), has_value ? required_argument : no_argument, nullptr, code});
    }
    long_options.push_back({});
  }
};

const OptionRow* FindOption(int code) {
  if (code >= kLongBase) return &kRows[code - kLongBase];
  const auto* const row = std::ranges::find_if(
      kRows, [code](const OptionRow& known) { return known.names[1] != '-' && known.names[1] == code; });
  return row == std::end(kRows) ? nullptr : row;
}

std::string NameOf(const OptionRow& row, int code) {
  return code >= kLongBase ? LongestName(row.names) : fmt::format("-{:c}", code);
}

// What getopt_long refused: an option that is not there, or a value that is missing or too much.
std::string Refusal(int answer, std::string_view word) {
  const OptionRow* row = optopt == 0 ? nullptr : FindOption(optopt);
  if (row == nullptr) return UnknownOption(optopt == 0 ? std::string(word) : fmt::format("-{:c}", optopt));
  if (answer == ':') return fmt::format("{} needs a {}", NameOf(*row, optopt), row->value);
  return fmt::format("{} takes no value", NameOf(*row, optopt));
}

// Reads options and other words in any order; behind `--` words are words. Empty, or what is wrong.
std::string Read(std::span<const char* const> arguments, Options& options, std::vector<std::string>& words) {
  const GetoptTables tables;
  std::vector<std::string> marked = MarkNumbers(arguments);
  std::vector<char*> argv;
  for (std::string& word : marked) argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto argc = static_cast<int>(marked.size());
  opterr = 0;
  optind = 0;  // glibc: begin anew
  int answer = 0;
  while ((answer = getopt_long(argc, argv.data(), tables.letters.c_str(), tables.long_options.data(), nullptr)) != -1) {
    if (answer == 1) {
      words.push_back(Unmarked(optarg));
      continue;
    }
    if (answer == '?' || answer == ':') return Refusal(answer, marked[static_cast<size_t>(optind) - 1]);
    const OptionRow& row = *FindOption(answer);
    const std::string value = optarg == nullptr ? "" : Unmarked(optarg);
    const std::string_view expected = row.set(options, value);
    if (!expected.empty()) return fmt::format("{} {}: expected {}", NameOf(row, answer), value, expected);
    if (!row.is_of_run) options.compiled_by += fmt::format("{}={}\n", row.names, value);
  }
  for (size_t i = static_cast<size_t>(optind); i < marked.size(); ++i) {
    options.script_words.push_back(Unmarked(marked[i]));
  }
  return "";
}

// Words without a dash: the script's file unless -e gave the program, then its parameters.
void TakeWords(Options& options, std::vector<std::string> words) {
  // The lone word of -l is a pattern unless it names a file; commands settle that.
  if (!options.program && options.command != Command::kList && !words.empty()) {
    options.file = std::move(words.front());
    words.erase(words.begin());
  }
  if (options.command == Command::kList && !options.program)
    std::ranges::move(options.script_words, std::back_inserter(words));
  // A lone `--` may stand before the script too.
  if (!options.program && !options.file && options.command != Command::kList && !options.script_words.empty()) {
    options.file = std::move(options.script_words.front());
    options.script_words.erase(options.script_words.begin());
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
  std::string problem = Read(std::span(argv, static_cast<size_t>(argc)), options, words);
  if (!problem.empty()) return std::unexpected(problem);
  problem = SetFromEnvironment(options.config, [](const char* name) -> const char* { return std::getenv(name); });
  if (!problem.empty()) return std::unexpected(problem);
  if (const char* folder = std::getenv("SONDE_FIXTURE_HOST")) options.fixture_host = folder;
  TakeWords(options, std::move(words));
  problem = Inconsistency(options);
  if (!problem.empty()) return std::unexpected(problem);
  return options;
}

std::vector<OptionText> OptionTexts() {
  std::vector<OptionText> texts;
  for (const OptionRow& row : kRows) {
    if (row.group != kHidden) texts.push_back({row.group, row.names, row.value, row.help, row.choices});
  }
  return texts;
}

std::string UsageText() { return std::string(kUsage) + "       sonde -h lists the options\n"; }

std::string HelpText() {
  std::string text = "sonde traces what Linux does, by scripts in the language of bpftrace.\n\n" + std::string(kUsage);
  std::string_view group;
  for (const OptionText& row : OptionTexts()) {
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
