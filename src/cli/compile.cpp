#include "cli/compile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/result.h"
#include "base/suggest.h"
#include "base/unique_fd.h"
#include "builtins/builtins.h"
#include "parser/parser.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::cli {
namespace {

// Source spans count bytes in 32 bits.
constexpr size_t kMaxScriptBytes = size_t{1} << 30;

Result<std::string> ReadAll(int descriptor, const std::string& name) {
  std::string text;
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t got = read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", name);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(got));
    if (text.size() > kMaxScriptBytes) {
      return std::unexpected(Error{.operation = "read", .object = name, .reason = "it is larger than 1 GiB"});
    }
  }
}

Result<std::string> ReadFile(const std::string& path) {
  if (path == "-") return ReadAll(STDIN_FILENO, "standard input");
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path);
  return ReadAll(file.get(), path);
}

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

bool Check(Compilation& c) {
  for (const parser::Item& item : c.ast->items) {
    const auto* block = std::get_if<parser::ConfigBlock>(&item.node);
    if (block == nullptr) continue;
    for (const parser::ConfigEntry& entry : block->entries) Configure(c, entry);
  }
  c.kernel = OpenKernel(c.options);
  c.headers = cheaders::MakeLibclangHeaders();
  sema::Options options;
  options.parameters = c.options.parameters;
  options.include_dirs = c.options.include_dirs;
  // `#include "x.h"` looks beside the script first.
  if (c.options.file && *c.options.file != "-") {
    const std::string folder = std::filesystem::path(*c.options.file).parent_path().string();
    options.include_dirs.insert(options.include_dirs.begin(), folder.empty() ? "." : folder);
  }
  options.forced_includes = c.options.forced_includes;
  options.max_strlen = static_cast<uint32_t>(c.config.max_strlen);
  options.missing_probes_are_errors = c.config.missing_probes == MissingProbes::kError;
  options.max_probes = c.config.max_probes;
  options.max_map_keys = c.config.max_map_keys;
  options.unsafe = c.options.unsafe;
  options.has_child = c.options.child.has_value();
  c.program = sema::Check(*c.ast, c.sources, AllTables(), {*c.kernel, *c.headers}, options, c.diagnostics);
  return c.program != nullptr && !c.diagnostics.HasErrors();
}

bool Generate(Compilation& c) {
  codegen::Options options;
  options.image.max_map_keys = c.config.max_map_keys;
  options.image.ring_bytes = c.config.ring_bytes();
  options.image.print_maps_on_exit = c.config.print_maps_on_exit;
  options.image.max_strlen = static_cast<uint32_t>(c.config.max_strlen);
  options.image.str_trunc_trailer = c.config.str_trunc_trailer;
  options.online_cpus = c.kernel->OnlineCpus();
  options.force_perf_path = c.perf_path;
  const bool emits = c.options.command == Command::kEmit;
  options.want_ir = emits && c.options.stage == Stage::kIr;
  options.want_assembly = emits && c.options.stage == Stage::kAssembly;
  c.output = codegen::Generate(*c.program, *c.kernel, options, c.diagnostics);
  return !c.diagnostics.HasErrors();
}

// The pipeline, in order; Step is the index.
constexpr std::array<bool (*)(Compilation&), 4> kSteps = {Read, Parse, Check, Generate};

}  // namespace

sema::Tables AllTables() { return {.builtins = builtins::Table(), .probe_types = probes::Table()}; }

std::unique_ptr<kernel::KernelView> OpenKernel(const Options& options) {
  return options.fixture_host ? kernel::KernelView::Fixture(*options.fixture_host) : kernel::KernelView::Live();
}

bool Compile(Compilation& compilation, Step last, Step first) {
  for (auto step = static_cast<size_t>(first); step <= static_cast<size_t>(last); ++step) {
    if (!kSteps[step](compilation)) return false;
  }
  return true;
}

std::string Complaints(const Compilation& compilation) {
  std::string text = RenderAll(compilation.diagnostics, compilation.sources, compilation.options.warnings);
  if (!compilation.problem.empty()) text += fmt::format("sonde: error: {}\n", compilation.problem);
  return text;
}

}  // namespace sonde::cli
