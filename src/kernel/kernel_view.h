// src/kernel: facts about the machine that a script is compiled for: tracepoint formats, BTF, syscall numbers, CPUs.
//
// Enters: file systems of the kernel (or a fixture folder that looks like them). Leaves: plain structures.
// Nothing is read before it is asked for, and everything is read once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernel/bpf_programs.h"

namespace sonde::kernel {

class Btf;
class DebugInfos;

// One field of a tracepoint's record, as its format file states it.
struct TracepointField {
  enum class Location { kInline, kDataLoc, kRelLoc };
  std::string type;  // as written, without `__data_loc` and array brackets: "const char *", "pid_t", "char"
  std::string name;
  uint32_t offset = 0;  // bytes from the start of the record
  uint32_t size = 0;    // bytes of the whole field
  bool is_signed = false;
  bool is_array = false;       // `char comm[16]`, `u32 args[6]`
  uint32_t element_count = 0;  // of an array with a size in its brackets
  Location location = Location::kInline;
  bool is_common = false;  // `common_*`: of the record's header
};

struct TracepointFormat {
  std::string category;
  std::string name;
  uint32_t id = 0;  // perf_event_attr.config of PERF_TYPE_TRACEPOINT
  std::vector<TracepointField> fields;
};

struct TracepointName {
  std::string category;
  std::string name;
  bool operator==(const TracepointName&) const = default;
  auto operator<=>(const TracepointName&) const = default;
};

// Reads one format file's text. Unknown lines are passed over; a file without ID or fields is an error.
Result<TracepointFormat> ParseTracepointFormat(std::string_view category, std::string_view text);

// A function of the kernel that can be traced.
struct KernelFunction {
  std::string_view name;
  std::string_view module;  // "vmlinux": the kernel's own
};

// Documentation/ABI of security/lockdown: what the kernel keeps even from root.
enum class Lockdown { kUnknown, kNone, kIntegrity, kConfidentiality };

class KernelView {
 public:
  // This machine. Mounts tracefs at /sys/kernel/tracing when it is first needed and not mounted.
  // `functions`: a file to read in place of its list of functions that can be traced; empty: none.
  static std::unique_ptr<KernelView> Live(std::string functions = {});
  // A folder that holds `events/CATEGORY/EVENT/format` and optionally `btf`, `possible` and `online` (CPU lists such as
  // "0-3"), `release`, `lockdown` (as securityfs spells it) and `kprobe` (there: the kernel has kprobes).
  static std::unique_ptr<KernelView> Fixture(std::string folder);

  KernelView();
  virtual ~KernelView();

  // Debug information of the programs on this machine.
  DebugInfos& programs() { return *programs_; }

  // Errors: no tracefs (with the remedy), no such event (ENOENT), permission. Valid as long as the view.
  virtual Result<const TracepointFormat*> Tracepoint(std::string_view category, std::string_view event) = 0;
  // Sorted by category and name. Wildcards of base/glob.h in both; never reads format files.
  virtual Result<std::vector<TracepointName>> MatchTracepoints(std::string_view category, std::string_view event) = 0;
  virtual Result<std::vector<std::string>> TracepointCategories() = 0;

  // x86-64 number of the syscall behind `sys_enter_<name>`; from a table of ours, since format files carry none and
  // names differ from __NR_ (newfstat, sendfile64, umount …).
  virtual std::optional<int> SyscallNumber(std::string_view name) const = 0;
  // The reverse; empty for a number without a syscall tracepoint.
  virtual std::string_view SyscallName(int number) const = 0;

  // The kernel's own type information.
  virtual Result<const Btf*> KernelBtf() = 0;
  // Of a module, or of the kernel itself, which is called vmlinux. ENOENT when there is none of that name.
  virtual Result<const Btf*> ModuleBtf(std::string_view module) = 0;
  // Of the BPF programs that are loaded. Valid as long as the view.
  virtual std::span<const BpfFunction> BpfFunctions() = 0;
  // The names that ModuleBtf knows, vmlinux first.
  virtual std::vector<std::string> BtfModules() = 0;

  // Sorted by name, each name once; what ftrace offers, or, where the kernel keeps that list to itself (lockdown), what
  // its symbol table has. Valid as long as the view.
  virtual Result<std::span<const KernelFunction>> TraceableFunctions() = 0;

  virtual uint32_t PossibleCpus() const = 0;
  virtual uint32_t OnlineCpus() const = 0;

  // Whether the kernel was built with kprobes (a kprobe PMU in sysfs).
  virtual bool HasKprobes() const = 0;
  // "6.18.3-amd64"; empty when not known.
  virtual std::string Release() const = 0;
  // kUnknown when securityfs is not mounted.
  virtual Lockdown LockdownMode() const = 0;
  // Address of the file that describes the machine: "this kernel", or the fixture's folder, for messages.
  virtual std::string Describe() const = 0;

 private:
  std::unique_ptr<DebugInfos> programs_;
};

}  // namespace sonde::kernel
