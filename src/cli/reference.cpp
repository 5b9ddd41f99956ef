#include "cli/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>
#include <vector>

#include "base/config.h"
#include "builtins/builtins.h"
#include "cli/options.h"
#include "probes/probes.h"
#include "stdlib/stdlib.h"

namespace sonde::cli {
namespace {

// A builtin or a macro of the library, with all the ways to write it.
struct Entry {
  std::vector<std::string> signatures;
  std::string summary;
  std::string example;
  bool is_unsafe = false;
};
using Entries = std::map<std::string, Entry, std::less<>>;

// "[p0, p1 …] are the parameters": `macro find(@map, key, $value) {` as it is called.
std::string CallOf(const std::string& line) {
  std::string call = line.substr(0, line.find('{'));
  call.erase(call.find_last_not_of(' ') + 1);
  return call.substr(std::string_view("macro ").size());
}

// Macros with the comment that stands before the first of their name.
void AddMacros(const stdlib::LibraryFile& file, Entries& entries) {
  std::istringstream lines{std::string(file.text)};
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("// ")) {
      comment += (comment.empty() ? "" : " ") + line.substr(3);
    } else if (line.starts_with("macro ")) {
      const std::string call = CallOf(line);
      Entry& entry = entries[call.substr(0, call.find('('))];
      entry.signatures.push_back(call);
      if (entry.summary.empty()) entry.summary = comment;
      comment.clear();
    } else {
      comment.clear();
    }
  }
}

Entries AllEntries() {
  Entries entries;
  for (const sema::Builtin* builtin : builtins::Table()) {
    if (builtin->summary.empty()) continue;  // not built yet
    Entry& entry = entries[std::string(builtin->name)];
    entry.signatures.emplace_back(builtin->signature);
    entry.summary = builtin->summary;
    entry.example = builtin->example;
    entry.is_unsafe = builtin->is_unsafe;
  }
  for (const stdlib::LibraryFile& file : stdlib::Files()) AddMacros(file, entries);
  return entries;
}

std::string Examples() {
  std::string text;
  for (const auto& [name, entry] : AllEntries()) {
    std::string example = entry.example;
    for (size_t at = 0; (at = example.find('\n', at)) != std::string::npos;) example.replace(at, 1, " ");
    text += fmt::format("{}\t{}\n", name, example);
  }
  return text;
}

// --- docs/stdlib.md

std::string StdlibPage() {
  std::string text =
      "# Builtins and functions\n\n"
      "Made by `sonde --generate stdlib` from the descriptors in `src/builtins` and the files of `src/stdlib`; not to "
      "be "
      "edited.\n\n"
      "A builtin without arguments may be written with or without parentheses: `pid` is `pid()`. What is marked "
      "*unsafe* "
      "needs\n`--unsafe`.\n";
  for (const auto& [name, entry] : AllEntries()) {
    text += fmt::format("\n## {}\n\n", name);
    for (const std::string& signature : entry.signatures) text += fmt::format("- `{}`\n", signature);
    if (entry.is_unsafe) text += "- *unsafe*\n";
    if (!entry.summary.empty()) text += fmt::format("\n{}\n", entry.summary);
    if (!entry.example.empty()) text += fmt::format("\n```\n{}\n```\n", entry.example);
  }
  return text;
}

// --- sonde(8)

// Text as roff takes it: no line starts with a control character, and a dash is a dash.
std::string Roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  for (size_t at = 0; at < out.size();
       at = out.find('\n', at) == std::string::npos ? out.size() : out.find('\n', at) + 1) {
    if (out[at] == '.' || out[at] == '\'') out.insert(at, "\\&");
  }
  return out;
}

std::string Term(std::string_view term, std::string_view text) {
  return fmt::format(".TP\n.B {}\n{}\n", Roff(term), Roff(text));
}

std::string Names(const OptionText& option) {
  std::string names(option.names);
  if (const size_t comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  return option.value.empty() ? names : fmt::format("{} {}", names, option.value);
}

std::string ManualPage() {
  std::string text =
      ".\\\" Made by sonde \\-\\-generate man; not to be edited.\n"
      ".TH SONDE 8\n.SH NAME\nsonde \\- traces what Linux does, by scripts\n.SH SYNOPSIS\n"
      ".B sonde\n[\\fIOPTIONS\\fR] \\fB\\-e\\fR \\fIPROGRAM\\fR [\\fIPARAMETERS\\fR]\n.br\n"
      ".B sonde\n[\\fIOPTIONS\\fR] \\fIFILE\\fR [\\fIPARAMETERS\\fR]\n.br\n"
      ".B sonde\n\\fB\\-l\\fR [\\fIPATTERN\\fR]\n.SH DESCRIPTION\n"
      "Compiles a script in the language of bpftrace to BPF programs, attaches them, and prints what they say.\n"
      "A FILE of \\- is standard input.\n.SH OPTIONS\n";
  std::string_view group;
  for (const OptionText& option : OptionTexts()) {
    if (option.group != group) text += fmt::format(".SS {}\n", group = option.group);
    text += Term(Names(option), option.help);
  }
  text += ".SH PROBES\n";
  for (const sema::ProbeType* type : probes::Table()) {
    if (type->summary.empty()) continue;
    std::string term(type->spec);
    if (!type->short_names.empty()) term += fmt::format(" ({})", type->short_names.front());
    text += Term(term, type->summary);
  }
  text += ".SH BUILTINS AND FUNCTIONS\n";
  for (const auto& [name, entry] : AllEntries()) {
    std::string signatures;
    for (const std::string& signature : entry.signatures) signatures += (signatures.empty() ? "" : ", ") + signature;
    text += Term(signatures, entry.summary + (entry.is_unsafe ? " Unsafe." : ""));
  }
  text += ".SH ENVIRONMENT\nEach as SONDE_X or BPFTRACE_X, and in a script as config = { x=value; }.\n";
  for (const ConfigVariable& variable : ConfigVariables()) {
    if (variable.set == nullptr) continue;
    std::string name(variable.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    text += Term("SONDE_" + name, fmt::format("{}: {} ({}).", variable.help, variable.values, variable.default_value));
  }
  text +=
      ".SH EXIT STATUS\nThat of exit() in the script, 1 when a script or an option was refused or something could not "
      "be attached or\nwritten, else 0.\n.SH SEE ALSO\n.BR bpf (2),\n.BR perf_event_open (2)\n";
  return text;
}

// --- completions

// The names of an option apart: "-h", "--help".
std::vector<std::string> Apart(std::string_view names) {
  std::vector<std::string> apart;
  while (true) {
    const size_t comma = names.find(',');
    apart.emplace_back(names.substr(0, comma));
    if (comma == std::string_view::npos) return apart;
    names.remove_prefix(comma + 1);
  }
}

// The words that an option's value may be, where there are few: "text or json" in its help stands for itself.
std::string Choices(const OptionText& option) { return std::string(option.choices); }

std::string BashCompletion() {
  std::string all;
  std::string cases;
  for (const OptionText& option : OptionTexts()) {
    std::string patterns;
    for (const std::string& name : Apart(option.names)) {
      all += (all.empty() ? "" : " ") + name;
      patterns += (patterns.empty() ? "" : "|") + name;
    }
    if (option.value.empty()) continue;
    std::string words = Choices(option);
    std::string action = "COMPREPLY=($(compgen -f -- \"$current\"))";
    if (!words.empty()) action = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", words);
    if (option.value == "DIR") action = "COMPREPLY=($(compgen -d -- \"$current\"))";
    if (option.value == "PROGRAM" || option.value == "COMMAND" || option.value == "PID") action = "COMPREPLY=()";
    cases += fmt::format("    {}) {}; return ;;\n", patterns, action);
  }
  return fmt::format(
      "# Completion of sonde for bash. Made by sonde --generate bash; not to be edited.\n"
      "_sonde() {{\n"
      "  local current=\"${{COMP_WORDS[COMP_CWORD]}}\" previous=\"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n"
      "  case \"$previous\" in\n{}  esac\n"
      "  if [[ $current == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W '{}' -- \"$current\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _sonde sonde\n",
      cases, all);
}

// A text between single quotes of zsh's _arguments, whose brackets and colons have a meaning there.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshCompletion() {
  std::string text =
      "#compdef sonde\n# Completion of sonde for zsh. Made by sonde --generate zsh; not to be edited.\n_arguments -s "
      "\\\n";
  for (const OptionText& option : OptionTexts()) {
    std::string value;
    if (!option.value.empty()) {
      std::string words = Choices(option);
      std::string action = option.value == "DIR" ? "_directories" : option.value == "FILE" ? "_files" : "";
      if (option.value == "PID") action = "_pids";
      if (!words.empty()) action = fmt::format("({})", words);
      value = fmt::format(":{}:{}", option.value, action);
    }
    for (const std::string& name : Apart(option.names)) {
      text += fmt::format("  '{}[{}]{}' \\\n", name, ZshText(option.help), value);
    }
  }
  return text + "  '*:script or parameter:_files'\n";
}

struct Kind {
  std::string_view name;
  std::string (*make)();
};

constexpr Kind kKinds[] = {{"stdlib", StdlibPage},
                           {"man", ManualPage},
                           {"bash", BashCompletion},
                           {"zsh", ZshCompletion},
                           {"examples", Examples}};

}  // namespace

std::optional<std::string> Reference(std::string_view what) {
  const auto* found = std::ranges::find(kKinds, what, &Kind::name);
  if (found == std::end(kKinds)) return std::nullopt;
  return found->make();
}

std::string ReferenceNames() {
  std::string names;
  for (const Kind& kind : kKinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

}  // namespace sonde::cli
