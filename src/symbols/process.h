// A process as it was when a stack of it came: what was mapped where. It may have ended, or run another program, by the
// time that its addresses are printed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "image/address_names.h"
#include "symbols/object_file.h"
#include "symbols/perf_map.h"

namespace sonde::symbols {

struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t offset = 0;  // into the file
  uint64_t device = 0;
  uint64_t inode = 0;  // 0: no file
  bool is_executable = false;
  std::string path;                    // "[vdso]", or empty
  std::shared_ptr<ObjectFile> object;  // once an address in it was seen
  bool is_opened = false;              // or the attempt was made
};

// Which program a process runs: changes when it executes another one, or when its number goes to another process.
struct Program {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const Program&) const = default;
};
// Empty when the process is gone or is the kernel's own.
std::optional<Program> ProgramOf(uint32_t pid);

// Finds the object of a file, or opens it by these paths.
using ObjectOpener = std::function<std::shared_ptr<ObjectFile>(const Mapping& mapping, uint32_t pid)>;

class Process {
 public:
  // Reads /proc/PID/maps. Without a mapping when the process has gone.
  Process(uint32_t pid, Program program);

  const Program& program() const { return program_; }
  bool empty() const { return mappings_.empty(); }
  // Reading once more is worth it: some time after the last, and at once a few times, since a process that has just
  // started still loads what it will run.
  bool MayHaveChanged() const;
  void ComesAfter(const Process& other) { hasty_reads_ = other.hasty_reads_ > 0 ? other.hasty_reads_ - 1 : 0; }
  void MarkUnchanged() {
    read_at_ = std::chrono::steady_clock::now();
    if (hasty_reads_ > 0) --hasty_reads_;
  }
  bool HasMappingsOf(const Process& other) const;
  // Opens what the addresses lie in. False when one that may be an address of code lies in no mapping of code.
  bool Prepare(std::span<const uint64_t> addresses, const ObjectOpener& open);

  // What stands at the address: functions inlined there, innermost first, and at last the one that they are in.
  // `is_return` tells that it is where a call returns to: the call is the instruction
  // before, which may be the last of its function.
  const std::vector<image::Frame>& At(uint64_t address, bool is_return, const ObjectOpener& open);

 private:
  Mapping* Find(uint64_t address);
  void Open(Mapping& mapping, const ObjectOpener& open);
  std::vector<image::Frame> Describe(uint64_t address, bool is_return, const ObjectOpener& open);

  uint32_t pid_;
  Program program_;
  std::vector<Mapping> mappings_;  // by start
  std::chrono::steady_clock::time_point read_at_ = std::chrono::steady_clock::now();
  uint32_t hasty_reads_ = 8;
  PerfMap perf_map_;
  std::unordered_map<uint64_t, std::vector<image::Frame>>
      frames_[2];  // by address: plain ones, and where calls return to
};

}  // namespace sonde::symbols
