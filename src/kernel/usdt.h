// Probes that programs declare themselves (USDT: sys/sdt.h): what the notes of an ELF file say of them.
//
// Enters: an ElfFile. Leaves: places with their arguments. The format of the notes and of argument texts is described at
// https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation; operands are written as the assembler writes them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/elf_file.h"
#include "kernel/user_location.h"

namespace sonde::kernel {

// One place of a probe. A probe that was inlined, or stands in a loop that was unrolled, has several.
struct UsdtPlace {
  std::string provider;
  std::string name;
  uint64_t address = 0;
  uint64_t semaphore = 0;  // address of a counter that is above 0 while somebody watches; 0: none
  std::string arguments;   // "-4@%edi 8@-16(%rbp)"
};

// In the order of the file.
std::vector<UsdtPlace> ReadUsdtPlaces(const ElfFile& file);

struct UsdtArgument {
  uint32_t size = 8;  // bytes: 1, 2, 4 or 8
  bool is_signed = false;
  bool is_float = false;
  UserLocation location;
};

// Finds the address of a symbol; empty when there is none, or several.
using FindSymbol = std::function<std::optional<uint64_t>(std::string_view name)>;

// What a place knows that the texts of its arguments refer to.
struct UsdtContext {
  uint64_t address = 0;   // of the place
  bool is_fixed = false;  // the file is loaded at the addresses that it states
  FindSymbol find_symbol;
};

// One argument of `-4@%edi`'s form. What cannot be had keeps its number and says why in location.problem.
UsdtArgument ParseUsdtArgument(std::string_view text, const UsdtContext& context);
std::vector<UsdtArgument> ParseUsdtArguments(std::string_view texts, const UsdtContext& context);

}  // namespace sonde::kernel
