// What the runtime hands to the output, one at a time, in the order in which the script made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "image/image.h"
#include "image/map_rows.h"

namespace sonde::image {

// A record out of the data ring. The bytes live until Emit returns.
struct RecordEvent {
  const EventSpec* spec = nullptr;
  std::span<const std::byte> record;  // with its RecordHeader
};

// The contents of a map, per-CPU values already merged (for avg and stats: totals and counts added).
struct MapEvent {
  const MapSpec* map = nullptr;
  MapRows rows;  // unsorted
  uint32_t top = 0;
  uint64_t div = 0;
  bool at_exit = false;  // printed because the script ended, not because it asked
};

struct AttachedEvent {
  uint32_t probes = 0;
};

// Exact counts of what was lost, at the end (and while running, at most once a second).
struct LossEvent {
  const LossSite* site = nullptr;  // null: `reason` tells (missed by recursion)
  std::string object;
  std::string reason;
  uint64_t count = 0;
  bool at_end = true;
};

// A helper of the kernel that failed where somebody wants to know (-k): once when it is first seen, and at the end.
struct HelperErrorEvent {
  const LossSite* site = nullptr;
  int code = 0;  // errno of the last time
  uint64_t count = 0;
  bool at_end = true;
};

// How the tests of a script went, after the last.
struct TestsEvent {
  struct Row {
    std::string name;
    std::string problem;  // empty: it passed
  };
  std::vector<Row> rows;
};

struct BenchmarksEvent {
  struct Row {
    std::string name;
    uint64_t runs = 0;
    uint64_t total_ns = 0;
  };
  std::vector<Row> rows;
};

using Event =
    std::variant<RecordEvent, MapEvent, AttachedEvent, LossEvent, HelperErrorEvent, TestsEvent, BenchmarksEvent>;

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void Emit(const Event& event) = 0;
  // Nothing more is waiting now: write out what is buffered.
  virtual void Flush() = 0;
  // False once the output is gone (closed pipe, full disk): the runtime then ends.
  virtual bool Healthy() const = 0;
};

}  // namespace sonde::image
