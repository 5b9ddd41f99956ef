#include "symbols/debug_file.h"

#include <fcntl.h>
#include <gelf.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/debug_folders.h"

namespace sonde::symbols {
namespace {

Elf_Scn* FindSection(Elf* elf, std::string_view name) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return nullptr;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* found = elf_strptr(elf, names, header.sh_name);
    if (found != nullptr && name == found) return section;
  }
  return nullptr;
}

Elf_Data* SectionNamed(Elf* elf, std::string_view name) {
  Elf_Scn* section = FindSection(elf, name);
  return section == nullptr ? nullptr : elf_getdata(section, nullptr);
}

UniqueFd OpenFile(const std::string& path) { return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

}  // namespace

std::string_view SectionBytes(Elf* elf, std::string_view name) {
  Elf_Data* data = SectionNamed(elf, name);
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const char*>(data->d_buf), data->d_size};
}

bool HasSection(Elf* elf, std::string_view name) { return FindSection(elf, name) != nullptr; }

std::string BuildId(Elf* elf) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Elf_Data* data = SectionNamed(elf, ".note.gnu.build-id");
  if (data == nullptr) return "";
  GElf_Nhdr note;
  size_t name = 0;
  size_t description = 0;
  if (gelf_getnote(data, 0, &note, &name, &description) == 0 || note.n_type != NT_GNU_BUILD_ID) return "";
  std::string text;
  for (size_t i = 0; i < note.n_descsz; ++i) {
    const auto byte = static_cast<const uint8_t*>(data->d_buf)[description + i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

UniqueFd OpenDebugFile(Elf* elf, const std::string& path, const std::string& root) {
  const std::string id = BuildId(elf);
  std::string roots[] = {root, ""};
  for (const std::string& debug : DebugFolders()) {
    if (id.size() <= 2) break;
    const std::string by_id = debug + "/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug";
    for (const std::string& base : roots) {
      if (UniqueFd file = OpenFile(base + by_id); file.valid()) return file;
    }
  }
  Elf_Data* link = SectionNamed(elf, ".gnu_debuglink");
  if (link == nullptr || link->d_buf == nullptr) return {};
  const auto* text = static_cast<const char*>(link->d_buf);
  const std::string name(text, strnlen(text, link->d_size));
  if (name.empty() || name.find('/') != std::string::npos) return {};
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::vector<std::string> places = {folder + ".debug/" + name};
  for (const std::string& debug : DebugFolders()) places.push_back(debug + folder + name);
  for (const std::string& base : roots) {
    for (const std::string& place : places) {
      if (UniqueFd file = OpenFile(base + place); file.valid()) return file;
    }
  }
  return {};
}

}  // namespace sonde::symbols
