#include "cli/commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "cli/compile.h"
#include "cli/reference.h"
#include "image/image.h"
#include "output/writer.h"
#include "parser/parser.h"
#include "sema/program.h"

namespace sonde::cli {
namespace {

int ShowHelp(const Options& options) { return Print(options, HelpText()); }

int ShowVersion(const Options& options) { return Print(options, "sonde " SONDE_VERSION "\n"); }

int ShowReference(const Options& options) {
  const std::optional<std::string> text = Reference(options.reference);
  if (!text) return Refuse(fmt::format("there is no page '{}'; take one of {}", options.reference, ReferenceNames()));
  return Print(options, *text);
}

int FormatScript(const Options& options) {
  Compilation compilation(options);
  const bool good = Compile(compilation, Step::kParse);
  output::WriteAll(STDERR_FILENO, Complaints(compilation));
  return good ? Print(options, parser::Format(*compilation.ast, compilation.sources)) : 1;
}

std::string_view ElfBytes(const image::Image& image) {
  return {reinterpret_cast<const char*>(image.elf.data()), image.elf.size()};
}

// One step whose result can be printed.
struct Emitter {
  Step step;
  std::string (*text)(const Compilation& compilation);
};

// By Stage.
constexpr std::array<Emitter, 5> kEmitters = {{
    {Step::kParse, [](const Compilation& c) { return parser::Dump(*c.ast, c.sources, true); }},
    {Step::kCheck, [](const Compilation& c) { return sema::Dump(*c.program); }},
    {Step::kGenerate, [](const Compilation& c) { return c.output.ir; }},
    {Step::kGenerate, [](const Compilation& c) { return c.output.assembly; }},
    {Step::kGenerate, [](const Compilation& c) { return std::string(ElfBytes(c.output.image)); }},
}};

int EmitStage(const Options& options) {
  if (options.stage == Stage::kElf && !options.output && isatty(STDOUT_FILENO) == 1) {
    return Refuse("ELF is not for a terminal; give a file by -o");
  }
  const Emitter& emitter = kEmitters[static_cast<size_t>(options.stage)];
  Compilation compilation(options);
  const bool good = Compile(compilation, emitter.step);
  output::WriteAll(STDERR_FILENO, Complaints(compilation));
  return good ? Print(options, emitter.text(compilation)) : 1;
}

}  // namespace

int Refuse(std::string_view message) {
  output::WriteAll(STDERR_FILENO, fmt::format("sonde: error: {}\n", message));
  return 1;
}

int Print(const Options& options, std::string_view text) {
  UniqueFd file;
  int descriptor = STDOUT_FILENO;
  if (options.output) {
    file = UniqueFd(open(options.output->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) return Refuse(fmt::format("cannot open {}: {}", *options.output, std::strerror(errno)));
    descriptor = file.get();
  }
  const int problem = output::WriteAll(descriptor, text);
  if (problem == 0 || problem == EPIPE) return 0;
  const std::string name = options.output.value_or("standard output");
  return Refuse(fmt::format("cannot write to {}: {}", name, std::strerror(problem)));
}

int RunCommand(const Options& options) {
  switch (options.command) {
    case Command::kRun:
      return TraceScript(options);
    case Command::kList:
      return ListProbes(options);
    case Command::kFormat:
      return FormatScript(options);
    case Command::kEmit:
      return EmitStage(options);
    case Command::kReference:
      return ShowReference(options);
    case Command::kVersion:
      return ShowVersion(options);
    case Command::kHelp:
      return ShowHelp(options);
    case Command::kInfo:
      return ShowInfo(options);
  }
  return 1;
}

}  // namespace sonde::cli
