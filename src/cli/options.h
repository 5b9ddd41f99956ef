// src/cli: the command line of sonde. Enters: argv and the environment. Leaves: an exit status.
//
// options: what was asked for; compile: script → Image; commands: what can be done; main: joins them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "output/writer.h"
#include "sema/probe_type.h"

namespace sonde::cli {

enum class Command : uint8_t { kRun, kList, kFormat, kEmit, kReference, kVersion, kHelp, kInfo };

// The steps whose result --emit prints.
enum class Stage : uint8_t { kAst, kProgram, kIr, kAssembly, kElf };

struct Options {
  Command command = Command::kRun;
  Stage stage = Stage::kAst;  // of kEmit
  std::string reference;      // of kReference: a page of reference.h

  // The script: the text after -e, or a path ("-": standard input), or for -l neither.
  std::optional<std::string> program;
  std::optional<std::string> file;
  std::vector<std::string> parameters;    // $1…; of -l without a script: the pattern
  std::vector<std::string> script_words;  // what stands behind `--`: options of the script, and more parameters

  std::optional<pid_t> pid;
  std::optional<std::string> child;  // the command of -c

  std::optional<std::string> output;  // -o
  std::string metrics;                // where to serve them; empty: nowhere
  std::string format = "text";        // a row of src/output
  output::Buffering buffering = output::Buffering::kAuto;
  bool quiet = false;
  bool verbose = false;
  bool warnings = true;
  bool escape = true;     // control characters of what is traced, on a terminal
  int helper_errors = 0;  // how many -k
  bool unsafe = false;
  bool include_self = false;
  std::string probe_filter;
  std::string traceable_functions;  // a file in place of the kernel's list
  bool dry_run = false;
  bool use_cache = true;
  sema::RunMode mode = sema::RunMode::kTrace;
  std::vector<std::string> include_dirs;
  std::vector<std::string> forced_includes;

  // The options that a script is compiled by, each "name=value\n": what else is said changes only how it is run.
  std::string compiled_by;

  Config config;
  std::optional<std::string> fixture_host;  // a folder to compile against in place of this machine, for tests
};

// The error is one line for standard error.
std::expected<Options, std::string> ParseOptions(int argc, const char* const* argv);

// What -h prints.
std::string HelpText();
// A row of that help.
struct OptionText {
  std::string_view group;
  std::string_view names;  // "-h,--help"
  std::string_view value;  // "FILE"; empty for a flag
  std::string_view help;
  std::string_view choices;  // "text json", where its value is one of a few words
};
std::vector<OptionText> OptionTexts();
// What is printed for lack of anything to do.
std::string UsageText();

}  // namespace sonde::cli
