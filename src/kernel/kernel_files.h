// KernelView over files: the live kernel's, or a fixture folder's that looks like them.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "kernel/btf.h"
#include "kernel/kernel_view.h"
#include "kernel/tracefs.h"

namespace sonde::kernel {

// Where each fact is read. Files that do not exist mean "not known", or one CPU.
struct KernelPaths {
  std::string tracing;  // the folder with `events`; empty: find (or mount) tracefs when it is first needed
  std::string btf;
  std::string module_btf;  // the folder
  std::string functions;   // a list of those that can be traced; empty: that of tracefs
  std::string symbols;     // as /proc/kallsyms
  std::string possible_cpus;
  std::string online_cpus;
  std::string kprobe_pmu;  // exists: the kernel has kprobes
  std::string release;
  bool has_bpf_programs = false;  // may be asked what is loaded
  std::string lockdown;
  std::string description;
  bool may_mount = false;  // of this machine: what is mounted nowhere can be looked at all the same
};

class KernelFiles : public KernelView {
 public:
  explicit KernelFiles(KernelPaths paths) : paths_(std::move(paths)) {}

  Result<const TracepointFormat*> Tracepoint(std::string_view category, std::string_view event) override;
  Result<std::vector<TracepointName>> MatchTracepoints(std::string_view category, std::string_view event) override;
  Result<std::vector<std::string>> TracepointCategories() override;
  std::optional<int> SyscallNumber(std::string_view name) const override;
  std::string_view SyscallName(int number) const override;
  Result<const Btf*> KernelBtf() override;
  Result<const Btf*> ModuleBtf(std::string_view module) override;
  std::vector<std::string> BtfModules() override;
  std::span<const BpfFunction> BpfFunctions() override;
  Result<std::span<const KernelFunction>> TraceableFunctions() override;
  uint32_t PossibleCpus() const override;
  uint32_t OnlineCpus() const override;
  bool HasKprobes() const override;
  std::string Release() const override;
  Lockdown LockdownMode() const override;
  std::string Describe() const override { return paths_.description; }

 private:
  const Btf* BtfIfThere();
  // The descriptor of `events`, opened once.
  Result<int> Events();
  // The descriptor of `events/<category>`, opened once; `category` has no wildcards.
  Result<int> Category(std::string_view category);
  // Names of the events of one category, in the kernel's order.
  Result<std::vector<std::string>> EventsOf(const std::string& category);

  KernelPaths paths_;
  UniqueFd events_;
  std::map<std::string, UniqueFd, std::less<>> categories_;
  std::map<std::pair<std::string, std::string>, TracepointFormat> formats_;
  std::unique_ptr<Btf> btf_;
  std::map<std::string, std::unique_ptr<Btf>, std::less<>> module_btf_;
  std::unique_ptr<BpfPrograms> bpf_programs_;
  std::string function_text_;
  std::vector<KernelFunction> functions_;  // into that text
  mutable uint32_t possible_cpus_ = 0;     // 0: not read yet
};

}  // namespace sonde::kernel
