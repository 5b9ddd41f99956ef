#include "symbols/object_file.h"

#include <gelf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstring>
#include <ranges>

#include "symbols/debug_file.h"
#include "symbols/demangle.h"
#include "symbols/minidebug.h"

namespace sonde::symbols {
namespace {

struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfPointer = std::unique_ptr<Elf, EndElf>;

Elf_Scn* SectionOfType(Elf* elf, GElf_Word type) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr && header.sh_type == type) return section;
  }
  return nullptr;
}

ElfPointer Open(const UniqueFd& file) {
  return ElfPointer(file.valid() ? elf_begin(file.get(), ELF_C_READ_MMAP, nullptr) : nullptr);
}

bool IsNamed(const GElf_Sym& symbol) {
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) return false;
  const auto type = GELF_ST_TYPE(symbol.st_info);
  return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_OBJECT || type == STT_NOTYPE;
}

// Functions before what has no type, global before weak before local, and plain names before `__plain`.
uint8_t Rank(const GElf_Sym& symbol, std::string_view name) {
  const auto type = GELF_ST_TYPE(symbol.st_info);
  const auto binding = GELF_ST_BIND(symbol.st_info);
  uint8_t rank = type == STT_NOTYPE ? 32 : 0;
  rank += binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 4 : 8;
  while (name.starts_with('_') && (rank & 3) < 3) {
    ++rank;
    name.remove_prefix(1);
  }
  return rank;
}

// Without a version: "clock_gettime@@GLIBC_2.17".
std::string_view WithoutVersion(std::string_view name) { return name.substr(0, name.find('@')); }

// Local labels of assemblers and linkers.
bool IsLabel(std::string_view name) { return name.empty() || name[0] == '$' || name.starts_with(".L"); }

}  // namespace

std::shared_ptr<ObjectFile> ObjectFile::Vdso(ObjectOptions options) {
  const auto* bytes = reinterpret_cast<const char*>(getauxval(AT_SYSINFO_EHDR));
  if (bytes == nullptr) return nullptr;
  auto vdso = std::make_shared<ObjectFile>("[vdso]", UniqueFd(), "", options);
  vdso->file_bytes_ = bytes;
  // Section headers stand at its end.
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(bytes);
  vdso->file_size_ = header->e_shoff + size_t{header->e_shnum} * header->e_shentsize;
  return vdso;
}

void ObjectFile::Read() {
  elf_version(EV_CURRENT);
  ElfPointer elf(is_vdso() ? elf_memory(const_cast<char*>(file_bytes_), file_size_)
                           : elf_begin(file_.get(), ELF_C_READ_MMAP, nullptr));
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return;
  ReadSegments(elf.get());
  UniqueFd debug_file;
  ElfPointer debug;
  if (Elf_Scn* all = SectionOfType(elf.get(), SHT_SYMTAB)) {
    AddSymbols(elf.get(), all);
  } else {
    debug_file = OpenDebugFile(elf.get(), path_, debug_root_);
    if (!debug_file.valid()) debug_file = OpenMiniDebugInfo(elf.get());
    debug = Open(debug_file);
    if (debug != nullptr) AddSymbols(debug.get(), SectionOfType(debug.get(), SHT_SYMTAB));
    // Minidebuginfo leaves out what is exported.
    AddSymbols(elf.get(), SectionOfType(elf.get(), SHT_DYNSYM));
  }
  SortSymbols();
  if (options_.debug_lines && HasSection(elf.get(), ".debug_info")) {
    debug_file_ = std::move(file_);
  } else if (options_.debug_lines && debug != nullptr && HasSection(debug.get(), ".debug_info")) {
    debug_file_ = std::move(debug_file);
  }
  file_.Reset();
}

void ObjectFile::ReadSegments(Elf* elf) {
  size_t count = 0;
  elf_getphdrnum(elf, &count);
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
    segments_.push_back({.offset = header.p_offset, .size = header.p_filesz, .memory = header.p_memsz,
                         .address = header.p_vaddr});
  }
}

void ObjectFile::AddSymbols(Elf* elf, Elf_Scn* section) {
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr || header.sh_entsize == 0) return;
  Elf_Data* data = elf_getdata(section, nullptr);
  const size_t symbols = data == nullptr ? 0 : data->d_size / header.sh_entsize;
  for (size_t i = 0; i < symbols; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr || !IsNamed(symbol)) continue;
    const char* text = elf_strptr(elf, header.sh_link, symbol.st_name);
    const std::string_view name = text == nullptr ? "" : WithoutVersion(text);
    if (IsLabel(name)) continue;
    symbols_.push_back({.start = symbol.st_value,
                        .end = symbol.st_value + symbol.st_size,
                        .name = static_cast<uint32_t>(names_.size()),
                        .rank = Rank(symbol, name)});
    names_ += name;
    names_ += '\0';
  }
}

void ObjectFile::SortSymbols() {
  std::ranges::sort(symbols_, [](const Symbol& a, const Symbol& b) {
    return a.start != b.start ? a.start < b.start : a.rank < b.rank;
  });
  // What has no size reaches to the next.
  for (size_t i = 0; i < symbols_.size(); ++i) {
    size_t next = i + 1;
    while (next < symbols_.size() && symbols_[next].start == symbols_[i].start) ++next;
    if (symbols_[i].end == symbols_[i].start && next < symbols_.size()) symbols_[i].end = symbols_[next].start;
    reach_.push_back(std::max(i == 0 ? 0 : reach_[i - 1], symbols_[i].end));
  }
}

uint64_t ObjectFile::AddressOf(uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    if (file_offset < segment.offset || file_offset - segment.offset >= segment.size) continue;
    return file_offset - segment.offset + segment.address;
  }
  // Behind what the file holds, as far as its last page reaches in memory: the segment with variables is the last one.
  for (const Segment& segment : segments_ | std::views::reverse) {
    if (file_offset < segment.offset || file_offset - segment.offset >= segment.memory) continue;
    return file_offset - segment.offset + segment.address;
  }
  return file_offset;
}

std::vector<SourcePlace> ObjectFile::Places(uint64_t file_offset) {
  Load();
  if (debug_file_.valid()) lines_ = std::make_unique<DebugLines>(std::move(debug_file_));
  if (lines_ == nullptr) return {};
  std::vector<SourcePlace> places = lines_->At(AddressOf(file_offset));
  for (SourcePlace& place : places) {
    if (options_.demangle && !place.inlined.empty()) place.inlined = Demangle(place.inlined);
  }
  return places;
}

const std::string& ObjectFile::NameOf(uint32_t name) {
  const auto [entry, is_new] = shown_.try_emplace(name);
  if (is_new) entry->second = options_.demangle ? Demangle(&names_[name]) : std::string(&names_[name]);
  return entry->second;
}

std::optional<FoundSymbol> ObjectFile::AtOffset(uint64_t file_offset) {
  Load();
  const uint64_t address = AddressOf(file_offset);
  const auto after = std::ranges::upper_bound(symbols_, address, {}, &Symbol::start);
  auto at = static_cast<size_t>(after - symbols_.begin());
  const Symbol* best = nullptr;
  while (at > 0 && reach_[at - 1] > address) {
    const Symbol& symbol = symbols_[--at];
    if (symbol.end <= address) continue;
    if (best != nullptr && symbol.start != best->start) break;
    best = &symbol;  // the innermost; of those that begin there the first
  }
  if (best == nullptr) return std::nullopt;
  return FoundSymbol{.name = NameOf(best->name), .offset = address - best->start};
}

}  // namespace sonde::symbols
