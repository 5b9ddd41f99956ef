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
#include <string>

#include "base/unique_fd.h"
#include "cli/commands.h"
#include "cli/compile.h"
#include "cli/metrics.h"
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

// System call probes go by the raw tracepoints, which a kernel may refuse to load (no BTF, lockdown); then the same
// script goes by the perf events. Nothing has run yet when loading fails.
bool FallBackToPerfPath(const Error& error, Compilation& compilation) {
  if (compilation.perf_path || !error.operation.starts_with("load")) return false;
  bool raw = false;
  for (const image::ProgramSpec& program : compilation.output.image.programs) {
    raw = raw || program.type == image::ProgramType::kTracingRawTracepoint;
  }
  compilation.perf_path = true;
  return raw && Compile(compilation, Step::kGenerate, Step::kGenerate);
}

int Run(const Options& options, Compilation& compilation, const ServiceManager& manager, int descriptor) {
  output::Writer writer(descriptor, options.buffering);
  output::SinkOptions sink_options;
  sink_options.quiet = options.quiet;
  if (!options.escape) sink_options.escape = output::EscapeControls::kNever;
  const image::Image& image = compilation.output.image;
  symbols::Symbolizer symbols({.demangle = image.options.demangle,
                               .debug_lines = image.options.debug_lines,
                               .lazy = image.options.lazy_symbols});
  sink_options.symbols = &symbols;
  auto sink = output::FindSinkKind(options.format)->make(image, writer, sink_options);
  runtime::RunOptions run = RuntimeOptions(options, descriptor);
  run.symbols = &symbols;
  run.on_ready = [&](uint32_t probes) { manager.Tell(fmt::format("READY=1\nSTATUS={} probes attached", probes)); };
  run.on_stopping = [&] { manager.Tell("STOPPING=1"); };
  std::unique_ptr<MetricsServer> metrics;
  if (!options.metrics.empty()) {
    auto listening = MetricsServer::Listen(options.metrics, image);
    if (!listening) return Refuse(listening.error().Message());
    metrics = std::move(*listening);
    run.on_maps = [&](runtime::TakeSnapshot source) { metrics->SetSource(std::move(source)); };
  }
  const Result<int> status = runtime::Run(image, run, *compilation.kernel, *sink);
  if (options.verbose) {
    for (const std::string& line : symbols.Statistics()) Tell(fmt::format("sonde: {}\n", line));
  }
  metrics.reset();
  sink.reset();  // some write when they end
  writer.Flush();
  if (!status && FallBackToPerfPath(status.error(), compilation)) {
    return Run(options, compilation, manager, descriptor);
  }
  if (!status) {
    if (options.verbose && !status.error().detail.empty()) Tell(status.error().detail + "\n");
    return Refuse(status.error().Message());
  }
  if (!writer.healthy() && writer.error_number() != EPIPE) {
    return Refuse(fmt::format("cannot write to {}: {}", options.output.value_or("standard output"),
                              std::strerror(writer.error_number())));
  }
  return *status;
}

}  // namespace

int TraceScript(const Options& options) {
  if (!options.fixture_host && !MayTrace()) {
    return Refuse("tracing needs root, or the capabilities CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH; try sudo");
  }
  const ServiceManager manager = ServiceManager::FromEnvironment();
  Compilation compilation(options);
  bool good = Compile(compilation, Step::kImport);
  if (good && compilation.arguments.wants_help) {
    const std::vector<sema::ScriptOption>& own = compilation.script_options;
    return Print(options, ScriptHelp(ScriptUsage(options.file.value_or("-e PROGRAM"), own), own));
  }
  good = good && Compile(compilation, Step::kGenerate, Step::kCheck);
  Tell(Complaints(compilation));
  if (!good) return 1;
  if (!options.output) return Run(options, compilation, manager, STDOUT_FILENO);
  const UniqueFd file(open(options.output->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) return Refuse(fmt::format("cannot open {}: {}", *options.output, std::strerror(errno)));
  return Run(options, compilation, manager, file.get());
}

}  // namespace sonde::cli
