// Reads one BPF ring buffer (layout: Documentation/bpf/ringbuf.rst of the kernel). The data is mapped once, not twice
// behind itself as libbpf does: resident memory counts both mappings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "runtime/mapping.h"

namespace sonde::runtime {

class Ring {
 public:
  using Handler = std::function<void(std::span<const std::byte>)>;

  // Maps the ring buffer map; `size` is its max_entries, a power of two.
  static Result<Ring> Map(int map, uint32_t size);
  // For tests: the three parts somewhere in memory, not owned. `size` is a power of two.
  Ring(uint64_t* consumer, uint64_t* producer, std::byte* data, uint32_t size);

  struct Progress {
    size_t records = 0;     // taken, discarded ones too
    bool is_busy = false;   // came to a record that its producer still writes
    size_t unfinished = 0;  // such that it stepped over
  };
  enum class AtBusy : uint8_t {
    kStop,
    kStepOver,  // for the end, when no producer begins a record any more: their room is free at once
  };
  // Hands on every record that is there, in order; its bytes are valid until `handle` returns. Room is given back to
  // the producers from time to time, and at the end. Ends after about one ring's worth, so that a fast producer cannot
  // keep the caller here.
  Progress Drain(const Handler& handle, AtBusy at_busy = AtBusy::kStop);

  // Bytes that the producers have reserved and the reader has not taken.
  uint64_t Fill() const;
  uint32_t size() const { return size_; }

 private:
  // A record's bytes; put together in wrapped_ when they go round the ring's end.
  std::span<const std::byte> Bytes(uint64_t first, uint32_t length);

  uint64_t* consumer_;
  uint64_t* producer_;
  std::byte* data_;
  uint32_t size_;
  Mapping consumer_page_;
  Mapping producer_pages_;
  std::vector<std::byte> wrapped_;
};

}  // namespace sonde::runtime
