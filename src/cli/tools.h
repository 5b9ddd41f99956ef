// `sonde tool`: the scripts that come with sonde, by name.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace sonde::cli {

// `arguments` are those behind `sonde tool`: [OPTIONS OF SONDE] NAME [OPTIONS] [COMMAND]. Behind the name a word that the
// tool and sonde both take as an option is the tool's. Gives the command line that runs the tool; an empty one after it
// has listed the tools, for lack of a name, or shown a tool's help. The error is one line.
std::expected<std::vector<std::string>, std::string> ToolCommandLine(std::span<const char* const> arguments);

}  // namespace sonde::cli
