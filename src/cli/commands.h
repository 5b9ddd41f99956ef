// What can be done with a script, or without one. Each returns the exit status.
#pragma once

#include <string_view>

#include "cli/options.h"

namespace sonde::cli {

int RunCommand(const Options& options);

// "sonde: error: …" on standard error; the status of a refusal.
int Refuse(std::string_view message);

// Writes to -o, else to standard output. A reader that has gone is no error.
int Print(const Options& options, std::string_view text);

// commands.cpp holds these but for the ones with a file of their own.
int ListProbes(const Options& options);   // list.cpp
int ShowInfo(const Options& options);     // info.cpp
int TraceScript(const Options& options);  // trace.cpp

}  // namespace sonde::cli
