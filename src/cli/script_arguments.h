// What follows the script on the command line: positional parameters, and after `--` the script's own options.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sema/script_options.h"

namespace sonde::cli {

struct ScriptArguments {
  std::vector<std::string> parameters;                           // $1…
  std::map<std::string, sema::OptionValue, std::less<>> values;  // of the options that were given
  bool wants_help = false;
};

// `own` are the words after `--`: `--name=value`, `--name value`, a bare `--name` for bools, their letters; others are parameters,
// and so is all after a second `--`. The error is one line.
std::expected<ScriptArguments, std::string> ReadScriptArguments(std::span<const std::string> parameters,
                                                                std::span<const std::string> own,
                                                                std::span<const sema::ScriptOption> options);

// The first line of a script's help.
std::string ScriptUsage(const std::string& script, std::span<const sema::ScriptOption> options);
// What `sonde script.bt -- --help` prints.
std::string ScriptHelp(const std::string& usage, std::span<const sema::ScriptOption> options);

}  // namespace sonde::cli
