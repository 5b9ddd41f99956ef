#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/glob.h"
#include "cli/commands.h"
#include "cli/compile.h"
#include "kernel/btf_text.h"
#include "output/writer.h"
#include "sema/probe_type.h"

namespace sonde::cli {
namespace {

using sema::ListedProbe;
using sema::ProbeType;

// What `pattern` asks of each type: "t:sched:*" of one, "*open*" of all.
struct Question {
  std::vector<const ProbeType*> types;
  std::string pattern;
  bool is_of_names = false;  // the pattern is one of whole names; a type is asked for all that it has
};

Question Understand(sema::ProbeTypeTable table, const std::string& pattern) {
  const size_t colon = pattern.find(':');
  const std::string head = pattern.substr(0, colon);
  if (const ProbeType* type = sema::FindProbeType(table, head)) {
    const std::string rest = colon == std::string::npos ? ":*" : pattern.substr(colon);
    return {{type}, std::string(type->name) + rest};
  }
  Question all{.types = {}, .pattern = pattern, .is_of_names = colon == std::string::npos};
  for (const ProbeType* type : table) {
    if (colon == std::string::npos || GlobMatch(head, type->name)) all.types.push_back(type);
  }
  return all;
}

void Append(std::string& text, const ListedProbe& probe) {
  text += probe.name + "\n";
  for (const std::string& field : probe.fields) text += "    " + field + "\n";
}

// Appends the probes of a pattern. False when the machine could not be asked; the reason has been told.
bool AppendMatches(const Options& options, kernel::KernelView& kernel, const std::string& pattern, std::string& text) {
  const Question question = Understand(AllTables().probe_types, pattern);
  for (const ProbeType* type : question.types) {
    // Programs are not searched unless the pattern says that it is about them.
    const bool in_program = type->list_in_program != nullptr && question.types.size() == 1;
    if (type->list == nullptr && !in_program) continue;
    const auto probes = in_program
                            ? type->list_in_program({kernel, question.pattern, options.verbose, options.pid.value_or(0)})
                            : type->list(kernel, question.pattern, options.verbose);
    if (!probes) {
      Refuse(probes.error().Message());
      return false;
    }
    for (const ListedProbe& probe : *probes) {
      if (!question.is_of_names || GlobMatch(question.pattern, probe.name)) Append(text, probe);
    }
  }
  return true;
}

// `-l 'struct task_*'`: the types' names, or with -v their declarations.
bool AppendTypes(const Options& options, kernel::KernelView& kernel, const std::string& pattern, std::string& text) {
  const auto btf = kernel.KernelBtf();
  if (!btf) {
    Refuse(btf.error().Message());
    return false;
  }
  for (const kernel::BtfId id : kernel::MatchTypes(**btf, pattern)) {
    text += options.verbose ? kernel::Declaration(**btf, id) : (*btf)->CName(id) + "\n";
  }
  return true;
}

int ListMatches(const Options& options) {
  std::vector<std::string> patterns = options.parameters;
  if (patterns.empty()) patterns.emplace_back("*");
  const auto kernel = OpenKernel(options);
  int status_of_all = 0;
  for (const std::string& pattern : patterns) {
    std::string text;
    const bool wants_types = kernel::AsksForTypes(pattern);
    const auto append = wants_types ? AppendTypes : AppendMatches;
    if (!append(options, *kernel, pattern, text)) return 1;
    if (text.empty()) {
      status_of_all = Refuse(fmt::format("no {} matches {}", wants_types ? "type" : "probe", pattern));
      continue;  // the patterns behind it may match
    }
    if (const int status = Print(options, text); status != 0) return status;
  }
  return status_of_all;
}

// One probe of a script, with its fields.
Result<std::vector<ListedProbe>> Described(const Options& options, const Compilation& compilation,
                                           const ProbeType& type, const std::string& name) {
  if (type.list_in_program != nullptr) {
    return type.list_in_program({*compilation.kernel, name, true, options.pid.value_or(0)});
  }
  return type.list != nullptr ? type.list(*compilation.kernel, name, true) : std::vector<ListedProbe>();
}

// The probes of a script, wildcards resolved, each once, in the script's order.
int ListScript(const Options& options) {
  Compilation compilation(options);
  const bool good = Compile(compilation, Step::kCheck);
  output::WriteAll(STDERR_FILENO, Complaints(compilation));
  if (!good) return 1;
  std::string text;
  std::set<std::string> seen;
  for (const sema::ProbeInstance& probe : compilation.program->probes) {
    if (!seen.insert(probe.name).second) continue;
    const ProbeType* type = compilation.program->bodies[probe.body].probe_type;
    const auto listed = options.verbose && type != nullptr ? Described(options, compilation, *type, probe.name)
                                                           : std::vector<ListedProbe>();
    Append(text, listed && listed->size() == 1 ? listed->front() : ListedProbe{probe.name, {}});
  }
  return Print(options, text);
}

bool NamesScript(const std::string& word) {
  struct stat status{};
  return word == "-" || (stat(word.c_str(), &status) == 0 && S_ISREG(status.st_mode));
}

}  // namespace

int ListProbes(const Options& given) {
  Options options = given;
  if (options.program) return ListScript(options);
  if (options.parameters.empty() || !NamesScript(options.parameters.front())) return ListMatches(options);
  options.file = options.parameters.front();
  options.parameters.erase(options.parameters.begin());
  return ListScript(options);
}

}  // namespace sonde::cli
