// One ELF file of x86-64: its functions, where its code lies in the file, its build id, its notes.
//
// Enters: a path. Leaves: plain structures. Addresses are those that the file itself uses (virtual addresses without
// the place where a process has loaded it).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sonde::kernel {

struct ElfFunction {
  std::string name;  // without a version (`@@GLIBC_2.2.5`)
  uint64_t address = 0;
  uint64_t size = 0;         // 0: not known
  bool is_indirect = false;  // its code picks the function that is then called (STT_GNU_IFUNC)
  bool is_global = false;
};

struct ElfSymbol {
  uint64_t address = 0;
  uint64_t size = 0;  // 0: not known
};

struct ElfNote {
  std::string_view name;  // the vendor
  uint32_t type = 0;
  std::span<const uint8_t> description;
};

struct ElfSection {
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};

class ElfFile {
 public:
  // Errors: cannot be opened, is no ELF file, is of another machine.
  static Result<ElfFile> Open(const std::string& path);
  ElfFile(ElfFile&& other) noexcept;
  ElfFile& operator=(ElfFile&& other) noexcept;
  ~ElfFile();

  const std::string& path() const;
  // Every function that the file or its separate debug file defines, sorted by name, then by address; each pair once.
  const std::vector<ElfFunction>& Functions() const;
  // A symbol of any kind, in the file or its separate debug file; empty when there is none.
  std::optional<ElfSymbol> Symbol(std::string_view name) const;
  // The address of the byte at an offset of the file; empty for what is not loaded.
  std::optional<uint64_t> AddressAt(uint64_t offset) const;
  // The address of the only symbol of that name, there too; empty when there is none, or several.
  std::optional<uint64_t> OnlySymbolAddress(std::string_view name) const;
  // Whether it is loaded at the addresses that it states.
  bool IsFixed() const;
  // Where in the file the byte at an address lies; empty for what is not loaded from the file.
  std::optional<uint64_t> FileOffset(uint64_t address) const;
  // The same, of code alone.
  std::optional<uint64_t> CodeOffset(uint64_t address) const;
  std::optional<ElfSection> Section(std::string_view name) const;
  // Of one section; `visit` gets every whole note.
  void VisitNotes(std::string_view section, const std::function<void(const ElfNote&)>& visit) const;
  // In hexadecimal; empty when the file has none.
  std::string BuildId() const;
  // What .gnu_debuglink names; empty when there is none.
  std::string DebugLink() const;
  bool HasSection(std::string_view name) const { return Section(name).has_value(); }

 private:
  struct Data;
  explicit ElfFile(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

// The separate debug file of a file: by its build id, else by its debug link; empty when there is none. A file in
// another mount namespace ("/proc/42/root/usr/bin/x") is looked for in that one, then in ours.
std::string FindDebugFile(const ElfFile& file);

}  // namespace sonde::kernel
