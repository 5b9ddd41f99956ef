#include "probes/user_spec.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "base/glob.h"
#include "base/suggest.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::ElfFunction;

// The names by which a C++ function is known: "void ns::f<int>(int) const", without parameters, without its type too.
std::vector<std::string_view> NamesOf(std::string_view demangled) {
  std::vector<std::string_view> names = {demangled};
  size_t close = demangled.rfind(')');
  if (close == std::string_view::npos) return names;
  size_t open = close;
  for (int depth = 0;; --open) {
    if (demangled[open] == ')') ++depth;
    if (demangled[open] == '(' && --depth == 0) break;
    if (open == 0) return names;
  }
  const std::string_view plain = demangled.substr(0, open);
  names.push_back(plain);
  int depth = 0;
  for (size_t at = plain.size(); at-- > 0;) {
    const char c = plain[at];
    if (c == '>' || c == ')') ++depth;
    if (c == '<' || c == '(') --depth;
    if (c != ' ' || depth != 0) continue;
    names.push_back(plain.substr(at + 1));
    break;
  }
  return names;
}

std::string WithoutBlanks(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

bool MatchesDemangled(std::string_view demangled, const std::string& wanted, bool is_pattern) {
  const std::string tight = WithoutBlanks(wanted);
  return std::ranges::any_of(NamesOf(demangled), [&](std::string_view name) {
    return is_pattern ? GlobMatch(wanted, name) : WithoutBlanks(name) == tight;
  });
}

// A part of a function that the compiler has moved away: nobody calls it.
bool IsColdPart(std::string_view name) { return name.find(".cold") != std::string_view::npos; }

// Of several names for one place the one that most people use.
auto Rank(const MatchedFunction& match) {
  const std::string& name = match.function->name;
  return std::tuple(!match.function->is_global, name.find_first_not_of('_'), name.size(), name);
}

std::vector<MatchedFunction> EachPlaceOnce(const std::vector<MatchedFunction>& matches) {
  std::map<uint64_t, const MatchedFunction*> best;
  for (const MatchedFunction& match : matches) {
    auto [known, inserted] = best.try_emplace(match.function->address, &match);
    if (!inserted && Rank(match) < Rank(*known->second)) known->second = &match;
  }
  std::vector<MatchedFunction> once;
  for (const MatchedFunction& match : matches) {
    if (best[match.function->address] == &match) once.push_back(match);
  }
  return once;
}

std::vector<MatchedFunction> MatchRaw(const std::vector<ElfFunction>& functions, const std::string& wanted) {
  std::vector<MatchedFunction> matches;
  auto [first, last] = std::ranges::equal_range(functions, wanted, {}, &ElfFunction::name);
  for (const ElfFunction& function : std::ranges::subrange(first, last)) matches.push_back({function.name, &function});
  if (!matches.empty() || !HasWildcard(wanted)) return matches;
  for (const ElfFunction& function : functions) {
    if (GlobMatch(wanted, function.name) && !IsColdPart(function.name)) matches.push_back({function.name, &function});
  }
  return EachPlaceOnce(matches);
}

std::vector<MatchedFunction> MatchDemangled(const std::vector<ElfFunction>& functions, const std::string& wanted) {
  std::vector<std::pair<std::string, const ElfFunction*>> named;
  for (const ElfFunction& function : functions) {
    std::string demangled = Demangled(function.name);
    if (!demangled.empty() && !IsColdPart(function.name)) named.emplace_back(std::move(demangled), &function);
  }
  std::vector<MatchedFunction> matches;
  for (bool is_pattern : {false, true}) {
    if (is_pattern && (!matches.empty() || !HasWildcard(wanted))) break;
    for (const auto& [demangled, function] : named) {
      if (!MatchesDemangled(demangled, wanted, is_pattern)) continue;
      matches.push_back({fmt::format("cpp:\"{}\"", demangled), function});
    }
  }
  // A constructor stands there twice, for whole objects and for parts of others, often as one.
  return EachPlaceOnce(matches);
}

void TakeOffset(UserSpec& user) {
  const size_t plus = user.function.rfind('+');
  if (plus == std::string::npos || plus == 0) return;
  std::optional<uint64_t> offset = Address(std::string_view(user.function).substr(plus + 1));
  if (!offset) return;
  user.offset = *offset;
  user.function.resize(plus);
}

bool TakeLine(UserSpec& user) {
  const size_t at = user.binary.rfind('@');
  std::optional<uint64_t> line = Address(user.function);
  if (at == std::string::npos || at == 0 || at + 1 == user.binary.size() || !line || *line > UINT32_MAX) return false;
  user.source_file = user.binary.substr(at + 1);
  user.binary.resize(at);
  user.line = static_cast<uint32_t>(*line);
  user.function.clear();
  return true;
}

}  // namespace

std::optional<uint64_t> Address(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string Demangled(const std::string& name) {
  if (!name.starts_with("_Z")) return "";
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && text != nullptr ? std::string(text.get()) : "";
}

std::optional<UserSpec> ReadUserSpec(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  UserSpec user{.type = spec.parts[0].text};
  size_t next = 2;
  if (spec.parts.size() > 3 && spec.parts[2].text == "cpp") {
    user.is_demangled = true;
    ++next;
  }
  bool quoted = false;
  for (size_t i = next; i < spec.parts.size(); ++i) {
    user.function += (i > next ? ":" : "") + spec.parts[i].text;
    quoted = quoted || spec.parts[i].quoted;
  }
  if (spec.parts.size() > 1) user.binary = spec.parts[1].text;
  const bool is_whole = spec.parts.size() > 2 && !user.function.empty();
  if (!is_whole || (user.binary.empty() && context.pid == 0)) {
    context.diagnostics
        .Error(sema::kBadProbe, spec.span,
               fmt::format("'{}' names no {}", spec.text, is_whole ? "program or library" : "function"))
        .Hint(fmt::format("{}:PATH:FUNCTION, as in {}:/bin/bash:readline or {}:libc:malloc", user.type, user.type,
                          user.type));
    return std::nullopt;
  }
  if (quoted || TakeLine(user)) return user;
  user.address = Address(user.function);
  if (user.address) {
    user.function.clear();
  } else {
    TakeOffset(user);
  }
  return user;
}

std::vector<kernel::Binary> BinariesOf(sema::ExpandContext& context, const parser::ProbeSpec& spec,
                                       const std::string& binary) {
  std::string wanted = binary;
  if (wanted.empty()) wanted = kernel::ProgramOf(context.pid);
  Result<std::vector<kernel::Binary>> found = kernel::FindBinaries(wanted, context.pid);
  if (found) return *std::move(found);
  ReportMissing(context, spec.span, found.error().Message());
  return {};
}

std::vector<MatchedFunction> MatchFunctions(const std::vector<ElfFunction>& functions, const UserSpec& spec) {
  std::vector<MatchedFunction> matches;
  if (!spec.is_demangled) matches = MatchRaw(functions, spec.function);
  if (matches.empty()) matches = MatchDemangled(functions, spec.function);
  const auto is_indirect = [](const MatchedFunction& match) { return match.function->is_indirect; };
  if (!std::ranges::all_of(matches, is_indirect)) std::erase_if(matches, is_indirect);
  return matches;
}

Diagnostic& ReportMissing(sema::ExpandContext& context, Span span, std::string message) {
  return context.Missing(span, std::move(message));
}

}  // namespace sonde::probes
