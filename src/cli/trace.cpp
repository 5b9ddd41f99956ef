// Compiles a script and runs it.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "cli/commands.h"
#include "cli/compile.h"
#include "cli/metrics.h"
#include "cli/script_cache.h"
#include "cli/service_manager.h"
#include "output/sinks.h"
#include "output/writer.h"
#include "runtime/session.h"
#include "symbols/symbolizer.h"

namespace sonde::cli {
namespace {

bool HasCapability(const std::array<__user_cap_data_struct, 2>& sets, unsigned capability) {
  return ((sets[capability / 32].effective >> (capability % 32)) & 1) != 0;
}

// What loading programs and attaching them takes (capabilities(7)). Looked at first, so that a user without it sees one
// line and not the step that happens to fail.
bool MayTrace() {
  if (geteuid() == 0) return true;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return true;  // let the kernel say it
  return HasCapability(sets, CAP_SYS_ADMIN) || (HasCapability(sets, CAP_BPF) && HasCapability(sets, CAP_PERFMON));
}

void Tell(const std::string& text) { output::WriteAll(STDERR_FILENO, text); }

runtime::RunOptions RuntimeOptions(const Options& options, int descriptor) {
  runtime::RunOptions run;
  run.pid = options.pid.value_or(0);
  run.command = options.child.value_or("");
  run.dry_run = options.dry_run;
  run.output = descriptor;
  run.include_self = options.include_self;
  run.on_left_out = [](const std::string& text) { Tell(fmt::format("sonde: {}\n", text)); };
  if (options.verbose) run.on_detail = [](const std::string& detail) { Tell(fmt::format("sonde: {}\n", detail)); };
  if (options.warnings)
    run.on_warning = [](const std::string& text) { Tell(fmt::format("sonde: warning: {}\n", text)); };
  if (isatty(STDERR_FILENO) == 1 && !options.quiet) {
    run.on_wait = [](const std::string& reason) { Tell(fmt::format("sonde: {}\n", reason)); };
  }
  return run;
}

// What a run needs, once the script is compiled.
struct Job {
  const Options& options;
  Compilation& compilation;
  const ScriptCache& cache;
  const ServiceManager& manager;
};

// System call probes go by the raw tracepoints, which a kernel may refuse to load (no BTF, lockdown); then the same
// script goes by the perf events. Nothing has run yet when loading fails.
bool FallBackToPerfPath(const Error& error, const Job& job) {
  Compilation& compilation = job.compilation;
  if (compilation.perf_path || !error.operation.starts_with("load")) return false;
  bool raw = false;
  for (const image::ProgramSpec& program : compilation.output.image.programs) {
    raw = raw || program.type == image::ProgramType::kTracingRawTracepoint;
  }
  if (!raw) return false;
  compilation.perf_path = true;
  const bool came_compiled = compilation.program == nullptr;
  if (!Compile(compilation, Step::kGenerate, came_compiled ? Step::kParse : Step::kGenerate)) return false;
  job.cache.Keep(compilation.output.image, Complaints(compilation), compilation.consulted);
  return true;
}

// What the verifier says against C functions that the script imports is their author's business.
Error WhyRefused(Error error, const Compilation& compilation) {
  const bool is_load = error.operation.starts_with("load") && (error.error_number == EACCES || error.error_number == EINVAL);
  if (!is_load || compilation.c_modules.empty()) return error;
  error.remedy = "a function of " + compilation.c_modules.front().path +
                 " may read what the verifier cannot prove to be there: -v shows where it stops";
  return error;
}

int Run(const Job& job, int descriptor) {
  const Options& options = job.options;
  output::Writer writer(descriptor, options.buffering);
  output::SinkOptions sink_options;
  sink_options.quiet = options.quiet;
  if (!options.escape) sink_options.escape = output::EscapeControls::kNever;
  const image::Image& image = job.compilation.output.image;
  symbols::Symbolizer symbols({.demangle = image.options.demangle,
                               .debug_lines = image.options.debug_lines,
                               .lazy = image.options.lazy_symbols});
  sink_options.symbols = &symbols;
  auto sink = output::FindSinkKind(options.format)->make(image, writer, sink_options);
  runtime::RunOptions run = RuntimeOptions(options, descriptor);
  run.symbols = &symbols;
  run.on_ready = [&](uint32_t probes) { job.manager.Tell(fmt::format("READY=1\nSTATUS={} probes attached", probes)); };
  run.on_stopping = [&] { job.manager.Tell("STOPPING=1"); };
  std::unique_ptr<MetricsServer> metrics;
  if (!options.metrics.empty()) {
    auto listening = MetricsServer::Listen(options.metrics, image);
    if (!listening) return Refuse(listening.error().Message());
    metrics = std::move(*listening);
    run.on_maps = [&](runtime::TakeSnapshot source) { metrics->SetSource(std::move(source)); };
  }
  const Result<int> status = runtime::Run(image, run, *job.compilation.kernel, *sink);
  if (options.verbose) {
    for (const std::string& line : symbols.Statistics()) Tell(fmt::format("sonde: {}\n", line));
  }
  metrics.reset();
  sink.reset();  // some write when they end
  writer.Flush();
  if (!status && FallBackToPerfPath(status.error(), job)) return Run(job, descriptor);
  if (!status) {
    if (options.verbose && !status.error().detail.empty()) Tell(status.error().detail + "\n");
    return Refuse(WhyRefused(status.error(), job.compilation).Message());
  }
  if (!writer.healthy() && writer.error_number() != EPIPE) {
    return Refuse(fmt::format("cannot write to {}: {}", options.output.value_or("standard output"),
                              std::strerror(writer.error_number())));
  }
  return *status;
}

// Leaves the image in `compilation`, that of an earlier run where one fits. Otherwise the exit status.
std::optional<int> Prepare(Compilation& compilation, const ScriptCache& cache) {
  const Options& options = compilation.options;
  if (std::optional<ScriptCache::Entry> kept = cache.Find()) {
    if (options.verbose) Tell(fmt::format("sonde: compiled before: {}\n", cache.path()));
    Tell(kept->complaints);
    compilation.output.image = std::move(kept->image);
    compilation.kernel = OpenKernel(options);
    return std::nullopt;
  }
  bool good = Compile(compilation, Step::kImport, Step::kParse);
  if (good && compilation.arguments.wants_help) {
    const std::vector<sema::ScriptOption>& own = compilation.script_options;
    return Print(options, ScriptHelp(ScriptUsage(options.file.value_or("-e PROGRAM"), own), own));
  }
  good = good && Compile(compilation, Step::kGenerate, Step::kCheck);
  const std::string complaints = Complaints(compilation);
  Tell(complaints);
  if (!good) return 1;
  cache.Keep(compilation.output.image, complaints, compilation.consulted);
  return std::nullopt;
}

}  // namespace

int TraceScript(const Options& options) {
  if (!options.fixture_host && !MayTrace()) {
    return Refuse("tracing needs root, or the capabilities CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH; try sudo");
  }
  const ServiceManager manager = ServiceManager::FromEnvironment();
  Compilation compilation(options);
  if (!Compile(compilation, Step::kRead)) {
    Tell(Complaints(compilation));
    return 1;
  }
  const ScriptCache cache(options, compilation.sources.Name(compilation.file), compilation.sources.Text(compilation.file));
  if (const std::optional<int> status = Prepare(compilation, cache)) return *status;
  const Job job{options, compilation, cache, manager};
  if (!options.output) return Run(job, STDOUT_FILENO);
  const UniqueFd file(open(options.output->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) return Refuse(fmt::format("cannot open {}: {}", *options.output, std::strerror(errno)));
  return Run(job, file.get());
}

}  // namespace sonde::cli
