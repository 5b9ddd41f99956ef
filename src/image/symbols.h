// Names of the kernel's constants: flags of system calls, error numbers, signals. Tables of rows, by name, so that the
// compiler can refuse one that there is not and the reader can print them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::image {

struct Symbol {
  uint64_t value = 0;
  std::string_view name;
};

struct SymbolTable {
  std::string_view name;  // "open"
  // One symbol for each bit (or several bits), joined by |; else one symbol for a value.
  std::span<const Symbol> flags;
  // Values of the bits in `mask`; a table without flags has all bits in it.
  std::span<const Symbol> values;
  uint64_t mask = 0;
};

// Null when there is none of that name.
const SymbolTable* FindSymbols(std::string_view table);
std::vector<std::string_view> SymbolTableNames();

// "O_RDONLY|O_CLOEXEC", what has no name in hexadecimal; the number alone when nothing has a name.
std::string SymbolicText(const SymbolTable& table, uint64_t value);
std::string SymbolicText(std::string_view table, uint64_t value);
// Empty when the value has none.
std::string_view SymbolOf(std::string_view table, uint64_t value);

}  // namespace sonde::image
