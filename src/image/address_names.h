// What addresses are called: asked by the sinks when they print one, told by the runtime what stacks there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/abi.h"

namespace sonde::image {

// One line of a stack. Functions that were inlined are lines of their own, with the address of what they stand in.
struct Frame {
  uint64_t address = 0;
  std::string name;     // empty: nothing is known to stand there
  uint64_t offset = 0;  // from where the name begins
  std::string module;   // the file of a process; of the kernel only a module's name
  std::string place;    // "path/file.c:12", where debug information says so
  bool is_inlined = false;
};

class Symbols {
 public:
  virtual ~Symbols() = default;

  // A StackRecord with its frames, as it came out of the ring; nothing in it is trusted. False: it makes no sense.
  virtual bool AddStack(std::span<const std::byte> record) = 0;
  // Brings what has not been read of the stack ring yet.
  virtual void SetSource(std::function<void()> source) = 0;

  // Innermost first; empty when the stack never arrived. Valid until the next call.
  virtual std::span<const Frame> Stack(StackId id) = 0;
  // Of stacks in the mode build_id.
  virtual std::span<const BuildIdFrame> BuildIds(StackId id) = 0;
  virtual const Frame& KernelSymbol(uint64_t address) = 0;
  virtual const Frame& UserSymbol(const UserAddress& address) = 0;
  // For -v: what was looked up and found, a line each.
  virtual std::vector<std::string> Statistics() const = 0;
};

}  // namespace sonde::image
