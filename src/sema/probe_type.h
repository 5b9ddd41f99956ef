// The descriptor of a probe type: spec grammar, expansion, what its bodies may use. Rows live in src/probes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/diagnostics.h"
#include "kernel/kernel_view.h"
#include "parser/ast.h"
#include "sema/program.h"

namespace sonde::sema {

// What an expansion may use.
struct ExpandContext {
  kernel::KernelView& kernel;
  TypeTable& types;
  Diagnostics& diagnostics;
  uint32_t max_strlen = 1024;
  bool wants_args = false;    // the body reads `args`: each point needs its layout
  bool wants_retval = false;  // it reads `retval`, which may have a declared type
  bool is_listing = false;    // for -lv: what has no known arguments is shown without
  MissingProbes missing = MissingProbes::kError;
  int32_t pid = 0;           // the process that -p names; 0: none
  bool has_process = false;  // the run is about one: -p or -c
  bool unsafe = false;

  // Reports that there is no such probe, as the user wants that taken: perhaps he wants to hear nothing.
  Diagnostic& Missing(Span span, std::string message);
  Diagnostic unheard;
};

// One place to attach to.
struct ProbePoint {
  std::string name;
  Hook hook;
  std::unique_ptr<ArgsLayout> args;  // null when there is none or it was not wanted
  std::string function;              // that it is in, for `func`; may be empty
  bool is_of_others = false;         // though the type's are acts, this is about more than the current task
};

// A probe as -l and -lv show it.
struct ListedProbe {
  std::string name;
  std::vector<std::string> fields;  // "const char * filename"
};

// What -l asks of a type whose probes are in programs.
struct ProgramQuestion {
  kernel::KernelView& kernel;
  std::string_view pattern;  // "uprobe:/bin/bash:read*"
  bool with_fields = false;
  int32_t pid = 0;  // of -p; 0: none
};

// What a run is for: each probe belongs to one.
enum class RunMode : uint8_t { kTrace, kTest, kBench };

struct ProbeType {
  std::string_view name;                          // "tracepoint"
  std::span<const std::string_view> short_names;  // "t"
  std::string_view spec;                          // "tracepoint:category:event", for messages and docs
  std::string_view summary;
  bool has_user_context = true;  // the current task is the one that the event is about
  bool is_timer = false;
  bool is_act = false;                  // the current task does it: left out where that is a reader of the output
  bool has_args = false;                // bodies may say args.field
  bool has_registers = false;           // programs are given struct pt_regs: reg()
  bool has_function_arguments = false;  // at a function's entry: argN and sargN by the calling convention
  bool has_numbered_args = false;       // argN are fields of the layout, by these names
  bool has_return_value = false;        // retval
  bool returns_errors = false;          // retval is an int64: negative error numbers
  bool has_elapsed_ns = false;          // the time from a call's beginning to its end
  bool is_in_function = false;          // func
  bool runs_in_tracer = false;
  AddressSpace address_space = AddressSpace::kKernel;  // where a plain number leads when it is cast to a pointer
  RunMode mode = RunMode::kTrace;
  // Turns one spec into points, wildcards resolved; reports what is wrong through the context.
  std::vector<ProbePoint> (*expand)(ExpandContext& context, const parser::ProbeSpec& spec) = nullptr;
  // Probes that match `pattern` ("tracepoint:syscalls:*openat*"), sorted; null when the type cannot be listed.
  Result<std::vector<ListedProbe>> (*list)(kernel::KernelView& kernel, std::string_view pattern,
                                           bool with_fields) = nullptr;
  // The same of probes in programs, which are listed when a pattern names a program. An error says why there are none.
  Result<std::vector<ListedProbe>> (*list_in_program)(const ProgramQuestion& question) = nullptr;
};

using ProbeTypeTable = std::span<const ProbeType* const>;

// By name or short name; null when there is none.
const ProbeType* FindProbeType(ProbeTypeTable table, std::string_view name);

}  // namespace sonde::sema
