// Script → Image, one step after the other. What a step makes stays for whoever wants to print it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/consulted.h"
#include "base/diagnostics.h"
#include "base/source.h"
#include "cheaders/c_headers.h"
#include "cli/options.h"
#include "cli/script_arguments.h"
#include "codegen/codegen.h"
#include "kernel/kernel_view.h"
#include "parser/ast.h"
#include "sema/program.h"
#include "sema/sema.h"

namespace sonde::cli {

// All builtins and all probe types.
sema::Tables AllTables();

// The machine that is compiled for: this one, or the fixture that the tests name.
std::unique_ptr<kernel::KernelView> OpenKernel(const Options& options);

struct Compilation {
  explicit Compilation(const Options& given) : options(given), config(given.config) {}

  const Options& options;
  SourceManager sources;
  FileId file = 0;
  Diagnostics diagnostics;
  std::unique_ptr<kernel::KernelView> kernel;
  std::unique_ptr<cheaders::CHeaders> headers;
  std::unique_ptr<const parser::Ast> ast;
  std::vector<std::unique_ptr<const parser::Ast>> imports;  // each before those that import it
  std::vector<sema::ImportedHeader> imported_headers;
  std::vector<sema::ImportedHeader> bpf_sources;
  std::vector<codegen::CModule> c_modules;  // of bpf_sources
  std::vector<std::string> import_folders;
  std::vector<std::unique_ptr<const parser::Ast>> library;
  std::vector<sema::ScriptOption> script_options;
  ScriptArguments arguments;
  std::unique_ptr<const sema::Program> program;
  codegen::Output output;
  Config config;           // of the environment, then of the script
  Consulted consulted;     // files that the steps taken have looked at
  bool perf_path = false;  // system calls by their perf events: see codegen::Options
  // The imports, then the script.
  std::vector<const parser::Ast*> Files() const;

  std::string problem;  // of the script as a file: cannot be read, is empty
};

enum class Step : uint8_t { kRead, kParse, kImport, kCheck, kGenerate };

// Takes the steps from `first` to `last`, none after one that failed. False when one did.
bool Compile(Compilation& compilation, Step last, Step first = Step::kRead);

// What the user is told about the script, ready for standard error; may be empty.
std::string Complaints(const Compilation& compilation);

}  // namespace sonde::cli
