#include "kernel/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <tuple>
#include <utility>

#include "base/consulted.h"
#include "base/debug_folders.h"
#include "base/unique_fd.h"

namespace sonde::kernel {

struct ElfFile::Data {
  Data() = default;
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data() { elf_end(elf); }

  std::string path;
  UniqueFd fd;
  Elf* elf = nullptr;
  mutable std::optional<std::vector<ElfFunction>> functions;
};

namespace {

std::unexpected<Error> NotReadable(const std::string& path, std::string reason) {
  return std::unexpected(Error{.operation = "read", .object = path, .reason = std::move(reason)});
}

// Calls `visit(section, header, name)` for every section until it returns false.
template <typename Visit>
void VisitSections(Elf* elf, Visit visit) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name != nullptr && !visit(section, header, std::string_view(name))) return;
  }
}

// Calls `visit(symbol, name)` for every symbol that is defined, of both tables, until it returns false.
template <typename Visit>
void VisitSymbols(Elf* elf, Visit visit) {
  VisitSections(elf, [&](Elf_Scn* section, const GElf_Shdr& header, std::string_view) {
    if ((header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) || header.sh_entsize == 0) return true;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) return true;
    const auto count = static_cast<int>(std::min<uint64_t>(data->d_size / header.sh_entsize, INT32_MAX));
    for (int i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, i, &symbol) == nullptr || symbol.st_shndx == SHN_UNDEF) continue;
      const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (name != nullptr && *name != '\0' && !visit(symbol, std::string_view(name))) return false;
    }
    return true;
  });
}

void AddFunctions(Elf* elf, std::vector<ElfFunction>& functions) {
  VisitSymbols(elf, [&](const GElf_Sym& symbol, std::string_view name) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC) return true;
    functions.push_back({.name = std::string(name.substr(0, name.find('@'))),
                         .address = symbol.st_value,
                         .size = symbol.st_size,
                         .is_indirect = type == STT_GNU_IFUNC,
                         .is_global = GELF_ST_BIND(symbol.st_info) == STB_GLOBAL});
    return true;
  });
}

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

bool IsFile(const std::string& path) {
  NoteConsulted(path);
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// "/proc/42/root" of a path through it.
std::string RootPrefix(const std::string& path) {
  constexpr std::string_view kProc = "/proc/";
  constexpr std::string_view kRoot = "/root/";
  if (!path.starts_with(kProc)) return "";
  const size_t slash = path.find('/', kProc.size());
  if (slash == std::string::npos || path.compare(slash, kRoot.size(), kRoot) != 0) return "";
  return path.substr(0, slash + kRoot.size() - 1);
}

}  // namespace

ElfFile::ElfFile(std::unique_ptr<Data> data) : data_(std::move(data)) {}
ElfFile::ElfFile(ElfFile&& other) noexcept = default;
ElfFile& ElfFile::operator=(ElfFile&& other) noexcept = default;
ElfFile::~ElfFile() = default;

Result<ElfFile> ElfFile::Open(const std::string& path) {
  NoteConsulted(path);
  auto data = std::make_unique<Data>();
  data->path = path;
  data->fd.Reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!data->fd.valid()) return SystemError("read", path);
  struct stat status{};
  if (fstat(data->fd.get(), &status) != 0) return SystemError("read", path);
  if (!S_ISREG(status.st_mode)) return NotReadable(path, "it is no file");
  elf_version(EV_CURRENT);
  data->elf = elf_begin(data->fd.get(), ELF_C_READ_MMAP, nullptr);
  GElf_Ehdr header;
  if (data->elf == nullptr || elf_kind(data->elf) != ELF_K_ELF || gelf_getehdr(data->elf, &header) == nullptr) {
    return NotReadable(path, "it is no program and no library (no ELF file)");
  }
  if (header.e_machine != EM_X86_64 || gelf_getclass(data->elf) != ELFCLASS64) {
    return NotReadable(path, "it is a program for another processor; only 64-bit x86 code can be probed");
  }
  return ElfFile(std::move(data));
}

const std::string& ElfFile::path() const { return data_->path; }

const std::vector<ElfFunction>& ElfFile::Functions() const {
  if (data_->functions) return *data_->functions;
  std::vector<ElfFunction> functions;
  AddFunctions(data_->elf, functions);
  if (!HasSection(".symtab")) {
    if (auto debug = Open(FindDebugFile(*this))) AddFunctions(debug->data_->elf, functions);
  }
  const auto key = [](const ElfFunction& f) { return std::tie(f.name, f.address); };
  std::ranges::sort(functions, [&](const ElfFunction& a, const ElfFunction& b) {
    return std::tuple(key(a), !a.is_global) < std::tuple(key(b), !b.is_global);
  });
  const auto same = [&](const ElfFunction& a, const ElfFunction& b) { return key(a) == key(b); };
  functions.erase(std::ranges::unique(functions, same).begin(), functions.end());
  data_->functions = std::move(functions);
  return *data_->functions;
}

std::optional<ElfSymbol> ElfFile::Symbol(std::string_view name) const {
  std::optional<ElfSymbol> found;
  VisitSymbols(data_->elf, [&](const GElf_Sym& symbol, std::string_view symbol_name) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (type == STT_SECTION || type == STT_FILE || type == STT_TLS) return true;
    if (symbol_name.substr(0, symbol_name.find('@')) != name) return true;
    found = {.address = symbol.st_value, .size = symbol.st_size};
    return false;
  });
  if (found || HasSection(".symtab")) return found;
  const std::string debug_path = FindDebugFile(*this);
  if (debug_path.empty()) return std::nullopt;
  Result<ElfFile> debug = Open(debug_path);
  return debug ? debug->Symbol(name) : std::nullopt;
}

std::optional<uint64_t> ElfFile::AddressAt(uint64_t offset) const {
  size_t count = 0;
  if (elf_getphdrnum(data_->elf, &count) != 0) return std::nullopt;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(data_->elf, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD) continue;
    if (offset < segment.p_offset || offset - segment.p_offset >= segment.p_filesz) continue;
    return offset - segment.p_offset + segment.p_vaddr;
  }
  return std::nullopt;
}

std::optional<uint64_t> ElfFile::OnlySymbolAddress(std::string_view name) const {
  std::set<uint64_t> addresses;
  const auto add = [&](const GElf_Sym& symbol, std::string_view symbol_name) {
    if (symbol_name.substr(0, symbol_name.find('@')) == name) addresses.insert(symbol.st_value);
    return true;
  };
  VisitSymbols(data_->elf, add);
  if (!HasSection(".symtab")) {
    if (auto debug = Open(FindDebugFile(*this))) VisitSymbols(debug->data_->elf, add);
  }
  return addresses.size() == 1 ? std::optional(*addresses.begin()) : std::nullopt;
}

bool ElfFile::IsFixed() const {
  GElf_Ehdr header;
  return gelf_getehdr(data_->elf, &header) != nullptr && header.e_type == ET_EXEC;
}

namespace {

std::optional<uint64_t> OffsetOf(Elf* elf, uint64_t address, bool only_code) {
  size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return std::nullopt;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD) continue;
    if (only_code && (segment.p_flags & PF_X) == 0) continue;
    if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
    return address - segment.p_vaddr + segment.p_offset;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> ElfFile::FileOffset(uint64_t address) const { return OffsetOf(data_->elf, address, false); }
std::optional<uint64_t> ElfFile::CodeOffset(uint64_t address) const { return OffsetOf(data_->elf, address, true); }

std::optional<ElfSection> ElfFile::Section(std::string_view name) const {
  std::optional<ElfSection> found;
  VisitSections(data_->elf, [&](Elf_Scn*, const GElf_Shdr& header, std::string_view section_name) {
    if (section_name != name) return true;
    found = {header.sh_addr, header.sh_offset, header.sh_size};
    return false;
  });
  return found;
}

void ElfFile::VisitNotes(std::string_view wanted, const std::function<void(const ElfNote&)>& visit) const {
  VisitSections(data_->elf, [&](Elf_Scn* section, const GElf_Shdr& header, std::string_view section_name) {
    if (section_name != wanted || header.sh_type != SHT_NOTE) return true;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return true;
    const auto* bytes = static_cast<const uint8_t*>(data->d_buf);
    size_t at = 0;
    GElf_Nhdr note;
    size_t name_at = 0;
    size_t description_at = 0;
    while ((at = gelf_getnote(data, at, &note, &name_at, &description_at)) > 0) {
      std::string_view name(reinterpret_cast<const char*>(bytes) + name_at, note.n_namesz);
      visit({.name = name.substr(0, name.find('\0')),
             .type = note.n_type,
             .description = {bytes + description_at, note.n_descsz}});
    }
    return true;
  });
}

std::string ElfFile::BuildId() const {
  std::string hex;
  VisitNotes(".note.gnu.build-id", [&](const ElfNote& note) {
    if (note.name != "GNU" || note.type != NT_GNU_BUILD_ID || !hex.empty()) return;
    for (const uint8_t byte : note.description) {
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
  });
  return hex;
}

std::string ElfFile::DebugLink() const {
  std::string link;
  VisitSections(data_->elf, [&](Elf_Scn* section, const GElf_Shdr&, std::string_view name) {
    if (name != ".gnu_debuglink") return true;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return false;
    const auto* text = static_cast<const char*>(data->d_buf);
    link.assign(text, strnlen(text, data->d_size));
    return false;
  });
  return link;
}

std::string FindDebugFile(const ElfFile& file) {
  const std::string root = RootPrefix(file.path());
  const std::string inside = file.path().substr(root.size());
  std::vector<std::string> candidates;
  const auto add = [&](const std::string& path) {
    candidates.push_back(root + path);
    if (!root.empty()) candidates.push_back(path);
  };
  const std::string id = file.BuildId();
  for (const std::string& debug : DebugFolders()) {
    if (id.size() > 2) add(debug + "/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug");
  }
  if (const std::string link = file.DebugLink(); !link.empty() && link.find('/') == std::string::npos) {
    const std::string folder = DirectoryOf(inside);
    add(folder + link);
    add(folder + ".debug/" + link);
    for (const std::string& debug : DebugFolders()) add(debug + folder + link);
  }
  for (const std::string& candidate : candidates) {
    if (candidate != file.path() && IsFile(candidate)) return candidate;
  }
  return "";
}

}  // namespace sonde::kernel
