// The kernel's own table of names, /proc/kallsyms: 10 MB of text that the kernel makes line by line, so it is read once
// and only when somebody asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sonde::kernel {

class KernelView;

// Where the table of this machine, or of a fixture, is read.
std::string KallsymsPath(const KernelView& kernel);

class Kallsyms {
 public:
  struct Symbol {
    std::string_view name;
    std::string_view module;  // empty: the kernel itself
    uint64_t address = 0;
  };

  // Errors: the file cannot be read, or shows no addresses (kptr_restrict).
  static Result<Kallsyms> Read(const std::string& path);

  // The symbol that the address lies in; of several at one address the first.
  std::optional<Symbol> At(uint64_t address) const;
  std::optional<uint64_t> AddressOf(std::string_view name) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t address = 0;
    uint32_t name = 0;  // into text_, ends with a NUL
    uint32_t module = 0;
  };

  void ParseLine(std::string_view line);
  std::string_view Text(uint32_t at) const { return &text_[at]; }
  uint32_t Keep(std::string_view text);

  std::vector<Entry> entries_;  // by address
  std::string text_ = std::string(1, '\0');
  std::string last_module_;
  uint32_t last_module_at_ = 0;
};

}  // namespace sonde::kernel
