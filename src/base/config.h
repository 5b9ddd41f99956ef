// Settings of a run: a script's `config = { … }` block, the environment and the help text share one table of rows.
//
// The environment (SONDE_MAX_STRLEN, else BPFTRACE_MAX_STRLEN) wins over the script, so that a user can mend a script
// without editing it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde {

enum class MissingProbes : uint8_t { kError, kWarn, kIgnore };

struct Config {
  uint64_t max_map_keys = 4096;
  uint64_t max_strlen = 1024;  // bytes that str() reads at most, with the NUL
  uint64_t max_probes = 1024;
  uint64_t max_bpf_progs = 1000000;
  std::string str_trunc_trailer = "..";  // ends a text that max_strlen has cut
  uint64_t max_cat_bytes = 10240;        // bytes that cat() prints
  uint64_t perf_rb_pages = 1024;         // pages of the ring that carries output: 4 MiB
  bool print_maps_on_exit = true;
  MissingProbes missing_probes = MissingProbes::kError;
  std::string stack_mode = "bpftrace";  // of kstack and ustack that name none
  bool cpp_demangle = true;
  bool show_debug_info = true;
  bool lazy_symbolication = true;
  std::string license = "GPL";  // of the programs, as the kernel reads it

  uint64_t pinned = 0;  // bit i: row i was set by the environment, a script leaves it alone

  // Size of the output ring: a power of two, as the kernel wants it.
  uint32_t ring_bytes() const;
};

// One row. `set` is null for a variable that scripts may name but that changes nothing here.
struct ConfigVariable {
  std::string_view name;
  std::string_view values;         // "a number", "0 or 1", "error, warn or ignore"
  std::string_view default_value;  // as printed by help
  std::string_view help;
  std::string_view old_name;  // a spelling that the environment also takes, without its prefix; may be empty
  bool (*set)(Config& config, std::string_view value) = nullptr;  // false: not one of `values`
  bool (*accepts)(std::string_view value) = nullptr;              // of those without `set`
};

std::span<const ConfigVariable> ConfigVariables();
// By its name, or as the environment spells it. Null when there is no such row. Case does not matter.
const ConfigVariable* FindConfigVariable(std::string_view name);

// Sets one variable from a script. False: the value is not one of `variable.values`. What the environment has set
// stays.
bool SetFromScript(Config& config, const ConfigVariable& variable, std::string_view value);

// Sets what the environment names. The result is empty, or says what is wrong: "SONDE_MAX_STRLEN=x: expected a number".
std::string SetFromEnvironment(Config& config, const char* (*get_variable)(const char* name));

}  // namespace sonde
