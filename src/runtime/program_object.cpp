#include "runtime/program_object.h"

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

namespace sonde::runtime {
namespace {

// Relocation types of the BPF psABI (Documentation/bpf/llvm_reloc.rst).
constexpr uint32_t kRelocation64 = 1;   // R_BPF_64_64: a 64-bit immediate over two instructions
constexpr uint32_t kRelocation32 = 10;  // R_BPF_64_32: a call

constexpr uint8_t kLoadImmediate64 = BPF_LD | BPF_IMM | BPF_DW;
constexpr uint8_t kCall = BPF_JMP | BPF_CALL;

std::unexpected<Error> Malformed(std::string object, std::string reason) {
  return std::unexpected(Error{.operation = "read program",
                               .object = std::move(object),
                               .reason = std::move(reason),
                               .remedy = "this is an internal error of sonde, please report it"});
}

// The `index`th T in `bytes`; nothing past the end.
template <typename T>
std::optional<T> Entry(std::span<const std::byte> bytes, size_t index) {
  if (index >= bytes.size() / sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// "map_12" with prefix "map_" is 12.
std::optional<uint32_t> IndexAfter(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  uint32_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return index;
}

struct Target {
  std::string_view name;
  uint64_t value = 0;
  bool in_same_section = false;
};

// Changes the instruction at `at` as one relocation asks. Errors: why it cannot.
class Relocator {
 public:
  Relocator(ProgramCode* code, std::span<const int> maps, uint32_t probe_id, std::span<const uint32_t> readers)
      : code_(code), maps_(maps), probe_id_(probe_id), readers_(readers) {}

  std::string Apply(uint32_t type, size_t at, const Target& target) {
    if (at >= code_->instructions.size()) return "a relocation lies outside of its section";
    if (type == kRelocation32) return ApplyCall(at, target);
    if (type == kRelocation64) return ApplyImmediate(at, target);
    return fmt::format("unknown relocation type {}", type);
  }

 private:
  std::string ApplyCall(size_t at, const Target& target) {
    bpf_insn& call = code_->instructions[at];
    if (call.code != kCall || !target.in_same_section) {
      return fmt::format("call of \"{}\", which is not in the program", target.name);
    }
    // The object holds the target's distance from its symbol, less one (a call counts from the next instruction).
    const int64_t to = static_cast<int64_t>(target.value / sizeof(bpf_insn)) + call.imm + 1;
    if (!Inside(to)) return "a call leaves the program";
    call.src_reg = BPF_PSEUDO_CALL;
    call.imm = static_cast<int32_t>(to - static_cast<int64_t>(at) - 1);
    return "";
  }

  std::string ApplyImmediate(size_t at, const Target& target) {
    if (code_->instructions[at].code != kLoadImmediate64 || at + 1 >= code_->instructions.size()) {
      return fmt::format("reference to \"{}\" from an instruction that cannot hold it", target.name);
    }
    bpf_insn& low = code_->instructions[at];
    bpf_insn& high = code_->instructions[at + 1];
    if (target.in_same_section) return ApplyCallback(at, target);
    if (const auto map = IndexAfter(target.name, "map_"); map && *map < maps_.size()) {
      if (low.imm != 0) return fmt::format("offset into the handle of \"{}\"", target.name);
      low.src_reg = BPF_PSEUDO_MAP_FD;
      low.imm = maps_[*map];
      high.imm = 0;
      return "";
    }
    if (const auto map = IndexAfter(target.name, "value_"); map && *map < maps_.size()) {
      low.src_reg = BPF_PSEUDO_MAP_VALUE;
      high.imm = low.imm;  // the offset into the value
      low.imm = maps_[*map];
      return "";
    }
    if (target.name == "probe_id") return SetNumber(low, high, probe_id_);
    if (const auto slot = IndexAfter(target.name, "reader_"); slot) {
      return SetNumber(low, high, *slot < readers_.size() ? readers_[*slot] : 0);
    }
    return fmt::format("reference to \"{}\", which is not a map", target.name);
  }

  static std::string SetNumber(bpf_insn& low, bpf_insn& high, uint32_t number) {
    low.imm = static_cast<int32_t>(number);
    high.imm = 0;
    return "";
  }

  std::string ApplyCallback(size_t at, const Target& target) {
    bpf_insn& low = code_->instructions[at];
    const int64_t to = static_cast<int64_t>(target.value + static_cast<uint32_t>(low.imm)) / 8;
    if (!Inside(to)) return "a callback lies outside of the program";
    low.src_reg = BPF_PSEUDO_FUNC;
    low.imm = static_cast<int32_t>(to - static_cast<int64_t>(at) - 1);
    code_->instructions[at + 1].imm = 0;
    code_->has_callbacks = true;
    return "";
  }

  bool Inside(int64_t index) const { return index >= 0 && static_cast<size_t>(index) < code_->instructions.size(); }

  ProgramCode* code_;
  std::span<const int> maps_;
  uint32_t probe_id_;
  std::span<const uint32_t> readers_;
};

std::span<const std::byte> SectionBytes(Elf_Scn* section) {
  const Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const std::byte*>(data->d_buf), data->d_size};
}

}  // namespace

Result<ProgramObject> ProgramObject::Open(std::span<const std::byte> elf) {
  elf_version(EV_CURRENT);
  // libelf takes a writable buffer but only writes where bytes must be swapped, which elf_rawdata never asks for.
  auto* image = const_cast<char*>(reinterpret_cast<const char*>(elf.data()));
  Elf* handle = elf.empty() ? nullptr : elf_memory(image, elf.size());
  if (handle == nullptr) return Malformed("", "not an ELF file");
  ProgramObject object(handle);
  GElf_Ehdr header;
  if (gelf_getehdr(handle, &header) == nullptr || gelf_getclass(handle) != ELFCLASS64 || header.e_machine != EM_BPF ||
      header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return Malformed("", "not a little-endian BPF object");
  }
  if (auto read = object.ReadSections(); !read) return std::unexpected(read.error());
  return object;
}

Result<void> ProgramObject::ReadSections() {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_.get(), &names) != 0) return Malformed("", elf_errmsg(-1));
  for (Elf_Scn* at = elf_nextscn(elf_.get(), nullptr); at != nullptr; at = elf_nextscn(elf_.get(), at)) {
    GElf_Shdr header;
    if (gelf_getshdr(at, &header) == nullptr) return Malformed("", elf_errmsg(-1));
    if (header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_EXECINSTR) != 0) {
      const char* name = elf_strptr(elf_.get(), names, header.sh_name);
      sections_.push_back({.name = name == nullptr ? "" : name, .index = elf_ndxscn(at), .bytes = SectionBytes(at)});
    } else if (header.sh_type == SHT_SYMTAB) {
      symbols_ = SectionBytes(at);
      if (Elf_Scn* strings = elf_getscn(elf_.get(), header.sh_link); strings != nullptr) {
        strings_ = SectionBytes(strings);
      }
    }
  }
  for (Elf_Scn* at = elf_nextscn(elf_.get(), nullptr); at != nullptr; at = elf_nextscn(elf_.get(), at)) {
    GElf_Shdr header;
    if (gelf_getshdr(at, &header) == nullptr || header.sh_type != SHT_REL) continue;
    const auto target = std::ranges::find(sections_, header.sh_info, &Section::index);
    if (target != sections_.end()) target->relocations = SectionBytes(at);
  }
  return {};
}

Result<ProgramCode> ProgramObject::Read(const std::string& section, std::span<const int> maps, uint32_t probe_id,
                                        std::span<const uint32_t> readers) const {
  const auto found = std::ranges::find(sections_, section, &Section::name);
  if (found == sections_.end()) return Malformed(section, "there is no such section");
  if (found->bytes.empty() || found->bytes.size() % sizeof(bpf_insn) != 0) {
    return Malformed(section, "its size is not that of instructions");
  }
  ProgramCode code;
  code.instructions.resize(found->bytes.size() / sizeof(bpf_insn));
  std::memcpy(code.instructions.data(), found->bytes.data(), found->bytes.size());

  Relocator relocator(&code, maps, probe_id, readers);
  for (size_t i = 0; const auto relocation = Entry<Elf64_Rel>(found->relocations, i); ++i) {
    const auto symbol = Entry<Elf64_Sym>(symbols_, ELF64_R_SYM(relocation->r_info));
    if (!symbol || symbol->st_name >= strings_.size()) return Malformed(section, "a relocation without a symbol");
    const auto* name = reinterpret_cast<const char*>(strings_.data()) + symbol->st_name;
    const Target target{.name = {name, strnlen(name, strings_.size() - symbol->st_name)},
                        .value = symbol->st_value,
                        .in_same_section = symbol->st_shndx == found->index};
    const std::string problem = relocator.Apply(static_cast<uint32_t>(ELF64_R_TYPE(relocation->r_info)),
                                                relocation->r_offset / sizeof(bpf_insn), target);
    if (!problem.empty()) return Malformed(section, problem);
  }
  return code;
}

std::vector<uint32_t> SubprogramStarts(std::span<const bpf_insn> code) {
  std::set<uint32_t> starts{0};
  for (size_t i = 0; i < code.size(); ++i) {
    const bool is_call = code[i].code == kCall && code[i].src_reg == BPF_PSEUDO_CALL;
    const bool is_callback = code[i].code == kLoadImmediate64 && code[i].src_reg == BPF_PSEUDO_FUNC;
    if (is_call || is_callback) starts.insert(static_cast<uint32_t>(static_cast<int64_t>(i) + code[i].imm + 1));
    if (code[i].code == kLoadImmediate64) ++i;  // its second half is not an instruction
  }
  return {starts.begin(), starts.end()};
}

}  // namespace sonde::runtime
