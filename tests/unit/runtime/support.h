// What the runtime's tests share: BPF programs compiled by clang, an Image made by hand around them, a sink that
// remembers.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "image/event.h"
#include "image/image.h"
#include "kernel/kernel_view.h"
#include "runtime/session.h"

namespace sonde::runtime::testing {

// A number that no system call has: only the load program calls it, so that counts are exact.
inline constexpr uint64_t kLoadSyscall = 4242;

// Why live tests cannot run here; empty when they can.
std::string WhyNotLive();
#define SKIP_UNLESS_LIVE() \
  if (const std::string why = ::sonde::runtime::testing::WhyNotLive(); !why.empty()) GTEST_SKIP() << why

// programs/probes.c as BPF, compiled once; empty when there is no clang.
const std::vector<std::byte>& ProbesElf();
// "…/load 1000 4242": the command of -c that makes so many events.
std::string LoadCommand(uint64_t count, uint64_t sleep_us = 0);

enum TestMap : uint32_t { kControl, kDataRing, kControlRing, kConstants, kCount, kCountByKey, kMarked };

struct TestImage {
  TestImage();

  // A program of programs/probes.c; returns its index.
  uint32_t Program(const std::string& section, image::ProgramType type);
  // A group with one way of one attachment.
  void Attach(const std::string& section, image::ProgramType type, image::AttachPlan plan);
  void AttachRaw(const std::string& section, const std::string& event = "sys_enter");

  // What programs read as value_3.
  void SetLimit(uint64_t limit);
  void SetRing(uint32_t bytes) { image.maps[kDataRing].max_entries = bytes; }

  image::Image image;
};

std::unique_ptr<kernel::KernelView> ThisKernel();

class CollectingSink : public image::Sink {
 public:
  void Emit(const image::Event& event) override;
  void Flush() override { ++flushes; }
  bool Healthy() const override { return healthy; }

  uint64_t Lost() const;

  // "printf 5", "map @x {k: v}", "attached 2", in order; printf only while `keep_records`.
  std::vector<std::string> log;
  bool keep_records = true;
  std::function<void()> on_record;
  uint64_t records = 0;
  std::vector<uint64_t> values;
  std::vector<image::MapEvent> maps;
  std::vector<image::LossEvent> losses;
  uint64_t flushes = 0;
  bool healthy = true;
};

// Runs and fails the test on an error.
int RunOrFail(const TestImage& image, CollectingSink& sink, const RunOptions& options = {});

// Runs in a process of its own, which ends with the run's status, or 99 after an error.
pid_t RunInBackground(const TestImage& image, CollectingSink& sink, const RunOptions& options);
// Exit status; 128 + n after signal n.
int WaitFor(pid_t pid);

uint64_t Number(std::span<const std::byte> bytes, size_t offset = 0);

}  // namespace sonde::runtime::testing
