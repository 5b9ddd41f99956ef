// The programs of an Image's ELF file, relocated against the maps that were made: instructions ready to load.
#pragma once

#include <libelf.h>
#include <linux/bpf.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace sonde::runtime {

struct ProgramCode {
  std::vector<bpf_insn> instructions;  // the entry program, its subprograms behind it
  bool has_callbacks = false;          // takes the address of a subprogram: the kernel wants func_info
};

class ProgramObject {
 public:
  // `elf` must outlive the object.
  static Result<ProgramObject> Open(std::span<const std::byte> elf);

  // `maps`: descriptors by index into Image::maps. Errors name what in the file does not fit: a mistake of ours.
  // `readers` are the numbers of "reader_<slot>", 0 where there are none.
  Result<ProgramCode> Read(const std::string& section, std::span<const int> maps, uint32_t probe_id = 0,
                           std::span<const uint32_t> readers = {}) const;

 private:
  struct Close {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  struct Section {
    std::string name;
    size_t index = 0;
    std::span<const std::byte> bytes;
    std::span<const std::byte> relocations;  // Elf64_Rel
  };

  explicit ProgramObject(Elf* elf) : elf_(elf) {}
  Result<void> ReadSections();

  std::unique_ptr<Elf, Close> elf_;
  std::vector<Section> sections_;
  std::span<const std::byte> symbols_;  // Elf64_Sym
  std::span<const std::byte> strings_;
};

// Where the subprograms of `code` begin, by instruction, ascending; the entry program at 0 is the first.
std::vector<uint32_t> SubprogramStarts(std::span<const bpf_insn> code);

// BTF that names `count` static functions, with the type ids that a bpf_func_info can point at.
struct FunctionBtf {
  std::vector<std::byte> bytes;
  std::vector<bpf_func_info> functions;
};
FunctionBtf DescribeFunctions(std::span<const uint32_t> starts);

// BTF of a map whose kind must say what its keys (int) and values (so many bytes, a multiple of 4) are.
struct ValueBtf {
  std::vector<std::byte> bytes;
  uint32_t key = 0;  // type ids
  uint32_t value = 0;
};
ValueBtf DescribeValue(uint32_t value_size);

}  // namespace sonde::runtime
