#include "sema/sema.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/name_filter.h"
#include "base/suggest.h"
#include "sema/checker.h"

namespace sonde::sema {
namespace {

constexpr int kMaxRounds = 16;

bool IsWord(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool MentionsWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    bool starts = at == 0 || !IsWord(text[at - 1]);
    bool ends = at + word.size() == text.size() || !IsWord(text[at + word.size()]);
    if (starts && ends) return true;
  }
  return false;
}

// These words, and the macros that have one of them themselves or by another.
std::set<std::string> WithMacros(std::set<std::string> words, const Script& script, const SourceManager& sources) {
  std::vector<std::pair<std::string, std::string_view>> macros;  // name, text
  for (const parser::Ast* file : script.files) {
    for (const parser::Item& item : file->items) {
      const auto* macro = std::get_if<parser::Macro>(&item.node);
      if (macro != nullptr) macros.emplace_back(macro->name, sources.Text(item.span));
    }
  }
  for (bool found = true; found;) {
    found = false;
    for (const auto& [name, text] : macros) {
      auto mentions = [text](const std::string& word) { return MentionsWord(text, word); };
      if (std::ranges::any_of(words, mentions)) found = words.insert(name).second || found;
    }
  }
  return words;
}

// One body to check: a probe's text against one probe type and one layout of args.
struct Instance {
  const parser::Probe* probe = nullptr;
  const ProbeType* type = nullptr;
  const ArgsLayout* args = nullptr;
  std::string probe_name;  // the first of those that it serves
  std::string program;     // the file whose debug information knows of types; may be empty
};

std::string ProgramOf(const Hook& hook) {
  const auto* uprobe = std::get_if<HookUprobe>(&hook);
  return uprobe == nullptr ? "" : uprobe->path;
}

std::string LocationKey(const kernel::UserLocation& at) {
  return fmt::format("{} {} {} {} {} {} {} {} {}:", at.base, at.index, at.scale, at.displacement, at.shift,
                     at.register_size, at.is_memory, at.second, at.problem);
}

std::string LayoutKey(const ArgsLayout& layout) {
  std::string key;
  for (const ArgsFieldInfo& field : layout.fields) {
    if (field.location) key += LocationKey(*field.location);
    key += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {};", field.name, static_cast<const void*>(field.type),
                       field.record_offset, field.record_size, static_cast<int>(field.place), field.syscall_argument,
                       field.is_syscall_return, field.only_in_record, field.word, static_cast<const void*>(field.btf),
                       field.btf_type, field.is_context ? field.c_type : "", field.is_return,
                       static_cast<int>(field.exec));
  }
  return key;
}

// Expands the specs of all probes into instances of bodies and probes that refer to them.
class Expansion {
 public:
  Expansion(Program& program, const SourceManager& sources, const Tables& tables, World world, const Options& options,
            const Script& script, Diagnostics& diagnostics)
      : program_(program),
        sources_(sources),
        tables_(tables),
        world_(world),
        options_(options),
        words_for_args_(WithMacros({"args"}, script, sources)),
        words_for_retval_(WithMacros({"retval"}, script, sources)),
        words_for_numbers_(WithMacros({"arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "arg7", "arg8", "arg9"},
                                      script, sources)),
        diagnostics_(diagnostics) {}

  void Add(const parser::Probe& probe, Span span) {
    ExpandContext context{.kernel = world_.kernel,
                          .types = *program_.types,
                          .diagnostics = diagnostics_,
                          .max_strlen = options_.max_strlen,
                          .missing = options_.missing_probes,
                          .pid = options_.pid,
                          .has_process = options_.pid != 0 || options_.has_child,
                          .unsafe = options_.unsafe};
    const bool wants_args = Mentions(words_for_args_, sources_.Text(span));
    const bool wants_retval = Mentions(words_for_retval_, sources_.Text(span));
    const bool wants_numbers = Mentions(words_for_numbers_, sources_.Text(span));
    std::map<std::pair<const ProbeType*, const ArgsLayout*>, uint32_t> own;
    for (const parser::ProbeSpec& written : probe.specs) {
      parser::ProbeSpec spec = WithParameters(written);
      const ProbeType* type = TypeOf(spec);
      if (type == nullptr) continue;
      if (type->mode != options_.mode) {
        left_out_ = true;
        continue;
      }
      // Where retval is no number alike for all, it has a declared type and is found as arguments are.
      context.wants_args = (wants_args && type->has_args) || (wants_retval && !type->has_return_value) ||
                           (wants_numbers && type->has_numbered_args);
      context.wants_retval = wants_retval;
      for (ProbePoint& point : type->expand(context, spec)) {
        if (!type->runs_in_tracer && !IsWanted(point.name)) {
          filtered_ = true;
          continue;
        }
        const ArgsLayout* args = Intern(std::move(point.args));
        auto [known, inserted] = own.try_emplace({type, args}, static_cast<uint32_t>(instances_.size()));
        if (inserted) instances_.push_back({&probe, type, args, point.name, ProgramOf(point.hook)});
        program_.probes.push_back(
            {point.name, spec.text, std::move(point.hook), known->second, std::move(point.function),
             type->is_act && !point.is_of_others});
      }
    }
    if (program_.probes.size() > options_.max_probes && !over_limit_) {
      over_limit_ = true;
      diagnostics_
          .Error(kTooManyProbes, probe.specs.front().span,
                 fmt::format("the script attaches to {} probes and more; the limit is {}", program_.probes.size(),
                             options_.max_probes))
          .Hint("raise it with the environment variable SONDE_MAX_PROBES, or narrow the wildcard");
    }
  }

  const std::vector<Instance>& instances() const { return instances_; }
  bool left_out() const { return left_out_; }  // probes of another mode
  bool filtered() const { return filtered_; }  // probes by --probe-filter

 private:
  static bool Mentions(const std::set<std::string>& words, std::string_view text) {
    return std::ranges::any_of(words, [&](const std::string& word) { return MentionsWord(text, word); });
  }

  // `$1` in specs.
  parser::ProbeSpec WithParameters(const parser::ProbeSpec& written) const {
    parser::ProbeSpec spec{written.span, written.text, written.parts};
    for (parser::ProbeSpec::Part& part : spec.parts) {
      if (part.quoted) continue;
      std::string out;
      for (size_t i = 0; i < part.text.size();) {
        size_t digits = i + 1;
        while (digits < part.text.size() && isdigit(static_cast<unsigned char>(part.text[digits])) != 0) ++digits;
        if (part.text[i] == '$' && digits > i + 1 && digits - i < 6) {
          size_t index = std::stoul(part.text.substr(i + 1, digits - i - 1));
          out += index >= 1 && index <= options_.parameters.size() ? options_.parameters[index - 1] : "0";
          i = digits;
        } else {
          out += part.text[i++];
        }
      }
      part.text = out;
    }
    return spec;
  }

  bool IsWanted(const std::string& name) {
    if (options_.probe_filter.empty()) return true;
    if (!filter_) filter_.emplace(options_.probe_filter);
    return filter_->Matches(name);
  }

  const ProbeType* TypeOf(const parser::ProbeSpec& spec) {
    std::string name = spec.parts.empty() ? "" : spec.parts.front().text;
    if (const ProbeType* type = FindProbeType(tables_.probe_types, name)) return type;
    Diagnostic& error = diagnostics_.Error(kUnknownProbeType, spec.span, fmt::format("unknown probe type '{}'", name));
    std::vector<std::string> names;
    for (const ProbeType* type : tables_.probe_types) names.emplace_back(type->name);
    std::string nearest = NearestName(name, names);
    if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
    return nullptr;
  }

  const ArgsLayout* Intern(std::unique_ptr<ArgsLayout> layout) {
    if (layout == nullptr) return nullptr;
    auto [known, inserted] = layouts_.try_emplace(LayoutKey(*layout), layout.get());
    if (inserted) program_.layouts.push_back(std::move(layout));
    return known->second;
  }

  Program& program_;
  const SourceManager& sources_;
  const Tables& tables_;
  World world_;
  const Options& options_;
  std::set<std::string> words_for_args_;
  std::set<std::string> words_for_retval_;
  std::set<std::string> words_for_numbers_;
  Diagnostics& diagnostics_;
  std::vector<Instance> instances_;
  std::map<std::string, const ArgsLayout*> layouts_;
  bool over_limit_ = false;
  bool left_out_ = false;
  bool filtered_ = false;
  std::optional<NameFilter> filter_;
};

// The script has probes, but none of this mode.
void ReportNothingToRun(RunMode mode, FileId file, Diagnostics& diagnostics) {
  Span start{file, 0, 0};
  switch (mode) {
    case RunMode::kTrace:
      diagnostics.Error(kNoProbes, start, "the script has tests alone").Hint("run it with --test or --bench");
      return;
    case RunMode::kTest:
      diagnostics.Error(kNoProbes, start, "the script has no tests").Hint("test:name { assert(1 + 1 == 2, \"sum\"); }");
      return;
    case RunMode::kBench:
      diagnostics.Error(kNoProbes, start, "the script has no benchmarks").Hint("bench:name { @ = count(); }");
      return;
  }
}

bool RunsInTracer(const ProbeInstance& probe) {
  return std::holds_alternative<HookBegin>(probe.hook) || std::holds_alternative<HookEnd>(probe.hook) ||
         std::holds_alternative<HookSignal>(probe.hook);
}

void CheckBodies(Checker& checker, Program& program, const std::vector<Instance>& instances) {
  program.bodies.clear();
  for (uint32_t i = 0; i < instances.size(); ++i) {
    const Instance& instance = instances[i];
    program.bodies.push_back(checker.CheckBody(
        *instance.probe,
        {.probe_type = instance.type, .args = instance.args, .probe_name = instance.probe_name, .program = instance.program,
         .instance = i}));
  }
}

// A body that is checked against several layouts reports each place once, and so does each call of a macro.
void CopyOnce(const Diagnostics& from, Diagnostics& to) {
  std::set<std::tuple<std::string_view, uint32_t, uint32_t, uint32_t, uint32_t>> seen;
  for (const Diagnostic& diagnostic : from.all()) {
    const Span& span = diagnostic.span;
    if (!seen.insert({diagnostic.id.name, span.file, span.offset, span.length, span.expansion}).second) continue;
    Diagnostic& copy = diagnostic.severity == Severity::kError
                           ? to.Error(diagnostic.id, diagnostic.span, diagnostic.message)
                           : to.Warning(diagnostic.id, diagnostic.span, diagnostic.message);
    copy.notes = diagnostic.notes;
    copy.hint = diagnostic.hint;
  }
}

}  // namespace

const ProbeType* FindProbeType(ProbeTypeTable table, std::string_view name) {
  for (const ProbeType* type : table) {
    if (type->name == name) return type;
    for (std::string_view short_name : type->short_names) {
      if (short_name == name) return type;
    }
  }
  return nullptr;
}

Diagnostic& ExpandContext::Missing(Span span, std::string message) {
  switch (missing) {
    case MissingProbes::kError:
      return diagnostics.Error(kNoSuchProbe, span, std::move(message));
    case MissingProbes::kWarn:
      return diagnostics.Warning(kNoSuchProbe, span, std::move(message));
    case MissingProbes::kIgnore:
      break;
  }
  unheard = {};
  return unheard;
}

const ArgsFieldInfo* ArgsLayout::Find(std::string_view name) const {
  for (const ArgsFieldInfo& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

Body Checker::CheckBody(const parser::Probe& probe, BodyScope scope) {
  Body body;
  body.span = probe.body->span;
  body.args = scope.args;
  body.probe_type = scope.probe_type;
  scope_ = std::move(scope);
  scope_.body = &body;
  scope_.scopes.emplace_back();
  variable_keys_.clear();
  expansion_count_ = 0;
  expansion_refused_ = false;
  if (probe.predicate != nullptr) body.predicate = CheckCondition(*probe.predicate);
  body.has_loops_in_predicate = body.has_loops;
  body.predicate_variables = static_cast<uint32_t>(body.variables.size());
  CheckBlock(*probe.body, body.statements);
  scope_.body = nullptr;
  return body;
}

std::unique_ptr<const Program> Check(const Script& script, SourceManager& sources, const Tables& tables, World world,
                                     const Options& options, Diagnostics& diagnostics) {
  auto program = std::make_unique<Program>();
  program->types = std::make_shared<TypeTable>();
  program->sources = &sources;
  program->missing_probes = options.missing_probes;
  Expansion expansion(*program, sources, tables, world, options, script, diagnostics);
  bool has_probes = false;
  for (const parser::Ast* file : script.files) {
    for (const parser::Item& item : file->items) {
      if (const auto* probe = std::get_if<parser::Probe>(&item.node)) {
        has_probes = true;
        expansion.Add(*probe, item.span);
      }
    }
  }
  if (!has_probes && !diagnostics.HasErrors()) {
    diagnostics.Error(kNoProbes, {script.files.back()->file, 0, 0}, "the script has no probes")
        .Hint("begin { printf(\"hello\\n\"); }");
  }
  const bool is_filtered_away = expansion.filtered() && std::ranges::all_of(program->probes, RunsInTracer);
  if (is_filtered_away && !diagnostics.HasErrors()) {
    diagnostics.Error(kNoProbes, {script.files.back()->file, 0, 0}, "--probe-filter leaves no probe of the script");
  }
  if (expansion.left_out() && program->probes.empty() && !diagnostics.HasErrors()) {
    ReportNothingToRun(options.mode, script.files.back()->file, diagnostics);
  }
  Checker checker(*program, sources, tables, world, options);
  checker.BeginRound(diagnostics);
  checker.LoadPreamble(script);
  for (const parser::Ast* file : script.files) {
    checker.LoadMacros(*file, false);
    checker.LoadMapDeclarations(*file);
  }
  for (const parser::Ast* file : script.library) checker.LoadMacros(*file, true);
  bool changed = true;
  for (int round = 0; changed && round < kMaxRounds; ++round) {
    Diagnostics silent;
    checker.BeginRound(silent);
    CheckBodies(checker, *program, expansion.instances());
    checker.SettleDeclaredMaps();
    changed = checker.changed() || checker.SettleUnassigned();
  }
  Diagnostics last;
  checker.BeginRound(last);
  CheckBodies(checker, *program, expansion.instances());
  checker.CheckDeclaredMaps();
  for (const MapInfo& map : program->maps) {
    checker.CompleteDeeply(map.key);
    checker.CompleteDeeply(map.value);
  }
  for (const Event& event : program->events) {
    for (const Type* type : event.values) checker.CompleteDeeply(type);
  }
  CopyOnce(last, diagnostics);
  if (diagnostics.HasErrors()) return nullptr;
  return program;
}

}  // namespace sonde::sema
