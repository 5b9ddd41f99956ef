// Where a value of a process lies while it stands at a probe: in a register, in memory, or nowhere at all.
#pragma once

#include <cstdint>
#include <string>

namespace sonde::kernel {

// The number is base + index * scale + displacement, registers by their offset in struct pt_regs. It is the value
// itself, or the address of the value in the process's memory.
struct UserLocation {
  int32_t base = -1;   // -1: none
  int32_t index = -1;  // -1: none
  uint32_t scale = 1;
  int64_t displacement = 0;
  uint32_t shift = 0;     // bits of a register below the value
  uint32_t register_size = 8;  // bytes of the register that count
  bool is_memory = false;
  int32_t second = -1;  // the register of the second half of a value of 9 to 16 bytes; -1: none
  std::string problem;  // why it cannot be had; empty when it can
  bool operator==(const UserLocation&) const = default;
};

}  // namespace sonde::kernel
