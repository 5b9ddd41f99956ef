// The probes of a script: picks for every group the first way that the kernel takes, loads, attaches, detaches.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "kernel/kernel_view.h"
#include "runtime/attach.h"
#include "runtime/loader.h"
#include "runtime/signal_probes.h"

namespace sonde::runtime {

class ProbeSet {
 public:
  using Notice = std::function<void(const std::string&)>;

  // Everything passed must outlive the set. `notice` hears of ways that were given up.
  ProbeSet(const image::Image& image, Loader& loader, kernel::KernelView& kernel, Notice notice);

  // The process that the run is about, before anything is attached.
  void SetTarget(pid_t process) { target_ = process; }
  // Loads the programs of every group. The first group none of whose ways loads ends it with its first way's error.
  Result<void> Load();
  // Attaches what is to be attached, in order; `proceed` is asked between two probes and ends it early with false.
  // A way that fails is undone and the next one loaded and attached.
  Result<void> Attach(const std::function<bool()>& proceed);
  // Closes what attaches the programs, slow ones last. `before_slow` hears how many are left, before each.
  void Detach(const std::function<void(size_t)>& before_slow);

  // Descriptors of the programs to run, in order of declaration.
  std::vector<int> BeginPrograms() const;
  std::vector<int> EndPrograms() const;
  std::vector<SignalProbes::Probe> SignalPrograms() const;
  struct Test {
    const image::RunTest* test = nullptr;
    int program = -1;
  };
  std::vector<Test> Tests() const;
  // Probes that the kernel does not take: of many that a wildcard found, or in a script that does without missing ones.
  struct LeftOut {
    uint32_t count = 0;
    uint32_t quiet = 0;  // of them, that nobody wants to hear of
    Error first_error;
  };
  const LeftOut& left_out() const { return left_out_; }
  // Links of iterators, to be opened and read.
  std::vector<int> Iterators() const;
  // Nothing is left to wait for once the iterators have run.
  bool HasOnlyIterators() const;
  // Probes that are attached, or are run at begin or end.
  uint32_t ProbeCount() const;

  // Events that a program was not run for, since another one was running on that CPU.
  struct Misses {
    std::string covers;
    uint64_t count = 0;
  };
  std::vector<Misses> RecursionMisses() const;

 private:
  struct Group {
    size_t way = 0;
    std::vector<Attached> attached;
    uint32_t probes = 0;  // that are attached
    Error first_error;    // of the first way, once it failed
  };

  const std::vector<image::Attachment>& Way(size_t group) const;
  Result<void> LoadFrom(size_t group, size_t way);
  Result<void> LoadWay(size_t group);
  Result<void> AttachGroup(size_t group, const std::function<bool()>& proceed);
  Result<bool> AttachWay(size_t group, const std::function<bool()>& proceed);
  // Remembers the first error and undoes the way.
  void GiveUp(size_t group, const Error& error);
  // Remembers what an optional attachment was left out for.
  void LeaveOut(const Error& error, bool is_quiet);
  bool IsUsed(uint32_t program) const;
  template <typename Plan>
  std::vector<int> ProgramsOf() const;

  const image::Image& image_;
  Loader& loader_;
  kernel::KernelView& kernel_;
  Notice notice_;
  std::vector<Group> groups_;
  pid_t target_ = 0;
  LeftOut left_out_;
};

}  // namespace sonde::runtime
