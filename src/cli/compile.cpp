#include "cli/compile.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "base/result.h"
#include "base/suggest.h"
#include "builtins/builtins.h"
#include "cli/c_macros.h"
#include "cli/imports.h"
#include "cli/library.h"
#include "cli/read_file.h"
#include "parser/parser.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::cli {
namespace {

bool Read(Compilation& c) {
  if (c.options.program) {
    if (c.options.program->empty()) c.problem = "the program after -e is empty";
    c.file = c.sources.Add("-e", *c.options.program);
    return c.problem.empty();
  }
  const std::string file = c.options.file.value_or("");
  const std::string name = file == "-" ? "stdin" : file;
  Result<std::string> text = ReadFile(file);
  if (!text) {
    c.problem = text.error().Message();
  } else if (text->empty()) {
    c.problem = fmt::format("{} is empty", name);
  } else {
    c.file = c.sources.Add(name, *std::move(text));
  }
  return c.problem.empty();
}

bool Parse(Compilation& c) {
  c.ast = parser::Parse(c.sources, c.file, c.diagnostics);
  return !c.diagnostics.HasErrors();
}

// The value of a config entry as text; empty when it is no plain value.
std::string ConfigText(const parser::Expr& value) {
  if (const auto* number = std::get_if<parser::IntLiteral>(&value.node)) return std::to_string(number->value);
  if (const auto* text = std::get_if<parser::StringLiteral>(&value.node)) return text->value;
  if (const auto* word = std::get_if<parser::Identifier>(&value.node)) return word->name;
  if (const auto* truth = std::get_if<parser::BoolLiteral>(&value.node)) return truth->value ? "true" : "false";
  return "";
}

// What the script needs besides its own text, and what the command line gives it.
bool Import(Compilation& c) {
  if (!LoadImports(c)) return false;
  AddCMacros(c);
  LoadLibrary(c);
  const std::vector<const parser::Ast*> files = c.Files();
  c.script_options = sema::FindOptions(files, c.diagnostics);
  auto arguments = ReadScriptArguments(c.options.parameters, c.options.script_words, c.script_options);
  if (!arguments) {
    c.problem = arguments.error();
    return false;
  }
  c.arguments = *std::move(arguments);
  return !c.diagnostics.HasErrors();
}

void Configure(Compilation& c, const parser::ConfigEntry& entry) {
  const ConfigVariable* variable = FindConfigVariable(entry.name);
  if (variable == nullptr) {
    std::vector<std::string> names;
    for (const ConfigVariable& known : ConfigVariables()) names.emplace_back(known.name);
    const std::string nearest = NearestName(entry.name, names);
    Diagnostic& error = c.diagnostics.Error(sema::kBadConfig, entry.name_span,
                                            fmt::format("there is no config variable '{}'", entry.name));
    if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
  } else if (!SetFromScript(c.config, *variable, ConfigText(*entry.value))) {
    c.diagnostics.Error(sema::kBadConfig, entry.value->span, fmt::format("{} takes {}", entry.name, variable->values));
  }
}

void Configure(Compilation& c, const parser::Ast& file) {
  for (const parser::Item& item : file.items) {
    const auto* block = std::get_if<parser::ConfigBlock>(&item.node);
    if (block == nullptr) continue;
    for (const parser::ConfigEntry& entry : block->entries) Configure(c, entry);
  }
}

bool Check(Compilation& c) {
  sema::Script script{.files = c.Files(), .headers = c.imported_headers, .bpf_sources = c.bpf_sources};
  for (const auto& file : c.library) script.library.push_back(file.get());
  for (const parser::Ast* file : script.files) Configure(c, *file);
  c.kernel = OpenKernel(c.options);
  c.headers = cheaders::MakeLibclangHeaders();
  sema::Options options;
  options.parameters = c.arguments.parameters;
  options.option_values = c.arguments.values;
  options.include_dirs = c.options.include_dirs;
  // `#include "x.h"` looks beside the script first.
  if (c.options.file && *c.options.file != "-") {
    const std::string folder = std::filesystem::path(*c.options.file).parent_path().string();
    options.include_dirs.insert(options.include_dirs.begin(), folder.empty() ? "." : folder);
  }
  options.include_dirs.insert(options.include_dirs.end(), c.import_folders.begin(), c.import_folders.end());
  options.forced_includes = c.options.forced_includes;
  options.max_strlen = static_cast<uint32_t>(c.config.max_strlen);
  options.missing_probes = c.config.missing_probes;
  options.max_probes = c.config.max_probes;
  options.max_map_keys = c.config.max_map_keys;
  options.unsafe = c.options.unsafe;
  options.pid = c.options.pid.value_or(0);
  options.stack_mode = c.config.stack_mode;
  options.probe_filter = c.options.probe_filter;
  options.has_child = c.options.child.has_value();
  options.mode = c.options.mode;
  c.program = sema::Check(script, c.sources, AllTables(), {*c.kernel, *c.headers}, options, c.diagnostics);
  return c.program != nullptr && !c.diagnostics.HasErrors();
}

bool Generate(Compilation& c) {
  codegen::Options options;
  options.image.max_map_keys = c.config.max_map_keys;
  options.image.ring_bytes = c.config.ring_bytes();
  options.image.print_maps_on_exit = c.config.print_maps_on_exit;
  options.image.max_strlen = static_cast<uint32_t>(c.config.max_strlen);
  options.image.str_trunc_trailer = c.config.str_trunc_trailer;
  options.image.demangle = c.config.cpp_demangle;
  options.image.debug_lines = c.config.show_debug_info;
  options.image.lazy_symbols = c.config.lazy_symbolication;
  options.online_cpus = c.kernel->OnlineCpus();
  options.image.max_cat_bytes = c.config.max_cat_bytes;
  options.helper_errors = c.options.helper_errors == 0   ? codegen::HelperErrors::kNone
                          : c.options.helper_errors == 1 ? codegen::HelperErrors::kAllButReads
                                                         : codegen::HelperErrors::kAll;
  options.force_perf_path = c.perf_path;
  options.c_modules = c.c_modules;
  const bool emits = c.options.command == Command::kEmit;
  options.want_ir = emits && c.options.stage == Stage::kIr;
  options.want_assembly = emits && c.options.stage == Stage::kAssembly;
  c.output = codegen::Generate(*c.program, *c.kernel, options, c.diagnostics);
  c.output.image.license = c.config.license;
  const size_t programs = c.output.image.programs.size();
  if (programs > c.config.max_bpf_progs) {
    c.diagnostics
        .Error(sema::kTooManyProbes, {c.file, 0, 0},
               fmt::format("the script makes {} BPF programs; the limit is {}", programs, c.config.max_bpf_progs))
        .Hint("raise it with the environment variable SONDE_MAX_BPF_PROGS, or narrow the wildcards");
  }
  return !c.diagnostics.HasErrors();
}

// The pipeline, in order; Step is the index.
constexpr std::array<bool (*)(Compilation&), 5> kSteps = {Read, Parse, Import, Check, Generate};

}  // namespace

sema::Tables AllTables() { 
  return {.builtins = builtins::Table(), .probe_types = probes::Table(), .c_function = &builtins::kCFunction};
}

std::unique_ptr<kernel::KernelView> OpenKernel(const Options& options) {
  return options.fixture_host ? kernel::KernelView::Fixture(*options.fixture_host)
                              : kernel::KernelView::Live(options.traceable_functions);
}

bool Compile(Compilation& compilation, Step last, Step first) {
  const ConsultedRecorder recorder(compilation.consulted);
  for (auto step = static_cast<size_t>(first); step <= static_cast<size_t>(last); ++step) {
    if (!kSteps[step](compilation)) return false;
  }
  return true;
}

std::vector<const parser::Ast*> Compilation::Files() const {
  std::vector<const parser::Ast*> files;
  for (const auto& imported : imports) files.push_back(imported.get());
  files.push_back(ast.get());
  return files;
}

std::string Complaints(const Compilation& compilation) {
  std::string text = RenderAll(compilation.diagnostics, compilation.sources, compilation.options.warnings);
  if (!compilation.problem.empty()) text += fmt::format("sonde: error: {}\n", compilation.problem);
  return text;
}

}  // namespace sonde::cli
