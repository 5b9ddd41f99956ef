// The door of src/sema: types, scopes, names, folding and checks: Ast → Program.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cheaders/c_headers.h"
#include "kernel/kernel_view.h"
#include "parser/ast.h"
#include "sema/builtin.h"
#include "sema/probe_type.h"
#include "sema/program.h"
#include "sema/script_options.h"

namespace sonde::sema {

struct Tables {
  BuiltinTable builtins;
  ProbeTypeTable probe_types;
  const Builtin* c_function = nullptr;  // stands for all functions of imported .bpf.c files
};

// A header that the script imports.
struct ImportedHeader {
  Span site;
  std::string path;
};

// All that one script is made of.
struct Script {
  std::vector<const parser::Ast*> files;    // what is imported before what imports it; the script itself last
  std::vector<const parser::Ast*> library;  // those files of the standard library that it may use
  std::vector<ImportedHeader> headers;
  std::vector<ImportedHeader> bpf_sources;  // .bpf.c files, whose functions may be called
};

struct Options {
  std::vector<std::string> parameters;                            // $1…
  std::map<std::string, OptionValue, std::less<>> option_values;  // of getopt(), as given
  std::vector<std::string> include_dirs;
  std::vector<std::string> forced_includes;
  uint32_t max_strlen = 1024;  // bytes of str() and of the type `string`
  uint64_t max_probes = 1024;
  uint64_t max_map_keys = 4096;
  std::string stack_mode = "bpftrace";  // of kstack and ustack where the script names none
  MissingProbes missing_probes = MissingProbes::kError;
  std::string probe_filter;  // a POSIX extended regular expression; probes whose names it does not match are left out
  bool unsafe = false;
  int32_t pid = 0;         // the process that -p names; 0: none
  bool has_child = false;  // the run starts a command: `cpid`
  RunMode mode = RunMode::kTrace;
};

// What the script is checked against.
struct World {
  kernel::KernelView& kernel;
  cheaders::CHeaders& headers;
};

// Null when `diagnostics` gained errors.
std::unique_ptr<const Program> Check(const Script& script, SourceManager& sources, const Tables& tables, World world,
                                     const Options& options, Diagnostics& diagnostics);

}  // namespace sonde::sema
