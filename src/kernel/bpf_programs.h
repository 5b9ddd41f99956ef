// The BPF programs that are loaded: their functions can be traced like those of the kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernel/btf.h"

namespace sonde::kernel {

// A function of a loaded program that has type information.
struct BpfFunction {
  uint32_t program = 0;  // its id
  std::string name;
  const Btf* btf = nullptr;
  BtfId prototype = 0;
  BtfId function = 0;  // the BTF id of the function itself
};

// Asks the kernel when it is made; what cannot be read is left out.
class BpfPrograms {
 public:
  BpfPrograms();
  // In the order of their programs' ids.
  const std::vector<BpfFunction>& functions() const { return functions_; }

 private:
  void AddProgram(uint32_t id);

  std::vector<std::unique_ptr<Btf>> types_;
  std::vector<BpfFunction> functions_;
};

}  // namespace sonde::kernel
