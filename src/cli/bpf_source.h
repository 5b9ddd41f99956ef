// C functions for BPF that a script imports: compiled by clang, which is asked for only then.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace sonde::cli {

struct BpfSourceProblem {
  std::string message;
  std::string hint;
};

// The file as LLVM's bitcode.
std::expected<std::string, BpfSourceProblem> CompileBpfSource(const std::string& path,
                                                              const std::vector<std::string>& include_dirs);

}  // namespace sonde::cli
