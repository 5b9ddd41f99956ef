// `sonde tool`: the scripts that come with sonde, by name.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace sonde::cli {

// `arguments` are those behind `sonde tool`: [OPTIONS] NAME [OPTIONS OF THE TOOL]. Gives the command line that runs the
// tool; without a name an empty one, after it has listed the tools. The error is one line.
std::expected<std::vector<std::string>, std::string> ToolCommandLine(std::span<const char* const> arguments);

}  // namespace sonde::cli
