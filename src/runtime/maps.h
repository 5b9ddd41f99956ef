// Reads, clears and zeroes the script's maps: hashes in batches, per-CPU values merged.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "image/event.h"
#include "image/image.h"

namespace sonde::runtime {

// A map of the script with what it takes to read it.
struct MapHandle {
  const image::MapSpec* spec = nullptr;
  int fd = -1;
  bool is_signed = false;      // the value's type
  uint32_t possible_cpus = 1;  // how many values a per-CPU map hands over
};

// Rows unsorted. A keyless map has one row, also when it was never assigned: see IsPresent in merge.h.
Result<image::MapRows> ReadMap(const MapHandle& map);

// Removes every key. A keyless map is as never assigned.
Result<void> ClearMap(const MapHandle& map);
// Sets every value to zero; keys stay, and a keyless map stays assigned if its layout can tell.
Result<void> ZeroMap(const MapHandle& map);

}  // namespace sonde::runtime
