#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/options.h"

int main(int argc, char** argv) {
  using namespace sonde::cli;
  try {
    if (argc < 2) {
      fmt::print(stderr, "{}", UsageText());
      return 1;
    }
    const auto options = ParseOptions(argc, argv);
    return options ? RunCommand(*options) : Refuse(options.error());
  } catch (const std::exception& error) {  // of the libraries below us: no memory, mostly
    fmt::print(stderr, "sonde: error: {}\n", error.what());
    return 1;
  }
}
