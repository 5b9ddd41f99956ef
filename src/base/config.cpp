#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <iterator>
#include <vector>

namespace sonde {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMaxRingPages = (1ULL << 30) / kPageBytes;

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <uint64_t Config::* kMember, uint64_t kMin, uint64_t kMax>
bool SetNumber(Config& config, std::string_view value) {
  const std::optional<uint64_t> number = ParseNumber(value);
  if (!number || *number < kMin || *number > kMax) return false;
  config.*kMember = *number;
  return true;
}

bool IsBool(std::string_view value) { return value == "0" || value == "1" || value == "false" || value == "true"; }

template <bool Config::* kMember>
bool SetBool(Config& config, std::string_view value) {
  if (!IsBool(value)) return false;
  config.*kMember = value == "1" || value == "true";
  return true;
}

bool SetTrailer(Config& config, std::string_view value) {
  config.str_trunc_trailer = value;
  return true;
}

bool SetStackMode(Config& config, std::string_view value) {
  static constexpr std::array<std::string_view, 4> kModes = {"bpftrace", "perf", "raw", "build_id"};
  if (std::ranges::find(kModes, value) == kModes.end()) return false;
  config.stack_mode = value;
  return true;
}

bool SetMissingProbes(Config& config, std::string_view value) {
  static constexpr std::array<std::string_view, 3> kWords = {"error", "warn", "ignore"};
  const auto* const word = std::ranges::find(kWords, value);
  if (word == kWords.end()) return false;
  config.missing_probes = static_cast<MissingProbes>(word - kWords.begin());
  return true;
}

// The licenses that let a program use all helpers (license_is_gpl_compatible() in include/linux/license.h).
constexpr auto kLicenses = std::to_array<std::string_view>(
    {"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"});

bool SetLicense(Config& config, std::string_view value) {
  if (std::ranges::find(kLicenses, value) == kLicenses.end()) return false;
  config.license = value;
  return true;
}

bool IsNumber(std::string_view value) { return ParseNumber(value).has_value(); }
bool IsSymbolCache(std::string_view value) {
  return value == "PER_PID" || value == "PER_PROGRAM" || value == "NONE" || IsBool(value);
}
bool IsFeature(std::string_view value) {
  return value == "error" || value == "warn" || value == "enable" || IsBool(value);
}

constexpr std::string_view kNumber = "a number";
constexpr std::string_view kBool = "0 or 1";
constexpr std::string_view kFeature = "error, warn or enable";

// The rows without `set` are settings of limits and workarounds that are not needed here: a script that names them
// runs.
constexpr auto kVariables = std::to_array<ConfigVariable>({
    {"max_map_keys", "a number from 1 to 4294967295", "4096", "keys that a map can hold", "map_keys_max",
     SetNumber<&Config::max_map_keys, 1, UINT32_MAX>},
    {"max_strlen", "a number from 1 to 65536", "1024", "bytes that str() reads at most", "strlen",
     SetNumber<&Config::max_strlen, 1, 65536>},
    {"max_probes", "a number from 1 to 1000000", "1024", "probes that a script may attach to", "probes_max",
     SetNumber<&Config::max_probes, 1, 1000000>},
    {"max_cat_bytes", "a number from 1 to 1073741824", "10240", "bytes that cat() prints at most", "cat_bytes_max",
     SetNumber<&Config::max_cat_bytes, 1, uint64_t{1} << 30>},
    {"max_bpf_progs", "a number from 1 to 1000000", "1000000", "BPF programs that a script may load", "",
     SetNumber<&Config::max_bpf_progs, 1, 1000000>},
    {"perf_rb_pages", "a number from 1 to 262144", "1024", "pages of the ring that carries output, in all", "",
     SetNumber<&Config::perf_rb_pages, 1, kMaxRingPages>},
    {"print_maps_on_exit", "0 or 1", "1", "print all maps at the end", "", SetBool<&Config::print_maps_on_exit>},
    {"missing_probes", "error, warn or ignore", "error", "what to do about a probe that does not exist", "",
     SetMissingProbes},
    {"str_trunc_trailer", "a text", "..", "what ends a text that max_strlen has cut", "", SetTrailer},
    {"cache_user_symbols", "PER_PID, PER_PROGRAM or NONE", "", "", "", nullptr, IsSymbolCache},
    {"cpp_demangle", kBool, "1", "show C++ and Rust names as their authors wrote them", "demangle",
     SetBool<&Config::cpp_demangle>},
    {"lazy_symbolication", kBool, "1", "look names of addresses up when they are printed, not when a stack comes", "",
     SetBool<&Config::lazy_symbolication>},
    {"license", "one of: GPL, GPL v2, GPL and additional rights, Dual BSD/GPL, Dual MIT/GPL, Dual MPL/GPL", "GPL",
     "license of the BPF programs", "", SetLicense},
    {"log_size", kNumber, "", "", "", nullptr, IsNumber},
    {"max_ast_nodes", kNumber, "", "", "", nullptr, IsNumber},
    {"max_type_res_iterations", kNumber, "", "", "", nullptr, IsNumber},
    {"on_stack_limit", kNumber, "", "", "", nullptr, IsNumber},
    {"probe_inline", kBool, "", "", "", nullptr, IsBool},
    {"show_debug_info", kBool, "1", "show lines of sources and inlined functions in stacks", "",
     SetBool<&Config::show_debug_info>},
    {"stack_mode", "bpftrace, perf, raw or build_id", "bpftrace", "how kstack and ustack are shown", "", SetStackMode},
    {"symbol_source", "", "", "", "", nullptr},
    {"unstable_addr", kFeature, "", "", "", nullptr, IsFeature},
    {"unstable_import", kFeature, "", "", "", nullptr, IsFeature},
    {"unstable_macro", kFeature, "", "", "", nullptr, IsFeature},
    {"unstable_map_decl", kFeature, "", "", "", nullptr, IsFeature},
    {"unstable_tseries", kFeature, "", "", "", nullptr, IsFeature},
    {"use_blazesym", kBool, "", "", "", nullptr, IsBool},
});

std::string Upper(std::string_view text) {
  std::string upper;
  std::ranges::transform(text, std::back_inserter(upper), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

struct EnvironmentValue {
  std::string name;
  std::string_view value;
};

std::optional<EnvironmentValue> LookUp(const ConfigVariable& variable, const char* (*get_variable)(const char*)) {
  std::vector<std::string> names = {"SONDE_" + Upper(variable.name), "BPFTRACE_" + Upper(variable.name)};
  if (!variable.old_name.empty()) names.push_back("BPFTRACE_" + Upper(variable.old_name));
  for (std::string& name : names) {
    if (const char* value = get_variable(name.c_str())) return EnvironmentValue{std::move(name), value};
  }
  return std::nullopt;
}

}  // namespace

uint32_t Config::ring_bytes() const { return static_cast<uint32_t>(std::bit_ceil(perf_rb_pages * kPageBytes)); }

std::span<const ConfigVariable> ConfigVariables() { return kVariables; }

const ConfigVariable* FindConfigVariable(std::string_view name) {
  std::string upper = Upper(name);
  for (const std::string_view prefix : {"SONDE_", "BPFTRACE_"}) {
    if (upper.starts_with(prefix)) upper.erase(0, prefix.size());
  }
  const auto* const row = std::ranges::find_if(kVariables, [&](const ConfigVariable& known) {
    return Upper(known.name) == upper || (!known.old_name.empty() && Upper(known.old_name) == upper);
  });
  return row == kVariables.end() ? nullptr : row;
}

bool SetFromScript(Config& config, const ConfigVariable& variable, std::string_view value) {
  if (variable.set == nullptr) return variable.accepts == nullptr || variable.accepts(value);
  Config scratch;  // a wrong value is an error even where the environment decides
  if (!variable.set(scratch, value)) return false;
  const auto row = static_cast<size_t>(&variable - kVariables.data());
  return ((config.pinned >> row) & 1) != 0 || variable.set(config, value);
}

std::string SetFromEnvironment(Config& config, const char* (*get_variable)(const char* name)) {
  for (size_t row = 0; row < kVariables.size(); ++row) {
    const ConfigVariable& variable = kVariables[row];
    if (variable.set == nullptr) continue;
    const std::optional<EnvironmentValue> found = LookUp(variable, get_variable);
    if (!found) continue;
    if (!variable.set(config, found->value)) {
      return fmt::format("{}={}: expected {}", found->name, found->value, variable.values);
    }
    config.pinned |= uint64_t{1} << row;
  }
  return "";
}

}  // namespace sonde
