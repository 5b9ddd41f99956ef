// What debug information says of an address: the line of the source, and the functions that were inlined there.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/libdw.h"

namespace sonde::symbols {

// Innermost first; the last one is the function that the others were inlined into, and has no name here.
struct SourcePlace {
  std::string inlined;  // mangled, where the debug information says how
  std::string file;
  int line = 0;  // 0: not known
};

class DebugLines {
 public:
  // `file` holds the debug information.
  explicit DebugLines(UniqueFd file);
  DebugLines(const DebugLines&) = delete;
  DebugLines& operator=(const DebugLines&) = delete;
  ~DebugLines();

  // Empty when nothing is known. `address` is one of the file's own.
  std::vector<SourcePlace> At(uint64_t address);

 private:
  struct Unit {
    uint64_t start = 0;
    uint64_t end = 0;
    Dwarf_Off die = 0;
  };

  void ListUnits();
  bool FindUnit(uint64_t address, Dwarf_Die* unit);
  std::string InlinedName(Dwarf_Die* scope);
  SourcePlace CallPlace(Dwarf_Die* unit, Dwarf_Die* scope);

  UniqueFd file_;
  const kernel::Libdw* libdw_ = nullptr;
  Dwarf* dwarf_ = nullptr;
  std::vector<Unit> units_;  // by start
};

}  // namespace sonde::symbols
