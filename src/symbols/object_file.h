// The names of one program or library, by address. Opened when a process is first seen to run it, so that it may be
// deleted, or its mount namespace go, before they are read; read when a name is first wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"
#include "symbols/debug_lines.h"

struct Elf;
struct Elf_Scn;

namespace sonde::symbols {

struct ObjectOptions {
  bool demangle = true;
  bool debug_lines = true;
};

struct FoundSymbol {
  std::string name;
  uint64_t offset = 0;
};

class ObjectFile {
 public:
  // `debug_root` is where the process sees its files ("/proc/12/root"), for its own debug files; empty for ours.
  ObjectFile(std::string path, UniqueFd file, std::string debug_root, ObjectOptions options)
      : path_(std::move(path)), file_(std::move(file)), debug_root_(std::move(debug_root)), options_(options) {}
  // The vdso of this process, which is that of all.
  static std::shared_ptr<ObjectFile> Vdso(ObjectOptions options);

  const std::string& path() const { return path_; }
  bool is_vdso() const { return file_bytes_ != nullptr; }

  // Reads the tables, once; from any thread.
  void Load() {
    std::call_once(loaded_, [this] { Read(); });
  }
  // What stands at an offset into the file.
  std::optional<FoundSymbol> AtOffset(uint64_t file_offset);
  // What debug information says of it, with names as they are to be shown; empty without any.
  std::vector<SourcePlace> Places(uint64_t file_offset);
  size_t symbol_count() const { return symbols_.size(); }

 private:
  struct Symbol {
    uint64_t start = 0;
    uint64_t end = 0;
    uint32_t name = 0;  // into names_, ends with a NUL
    uint8_t rank = 0;   // of several at one place the lowest is shown
  };
  struct Segment {
    uint64_t offset = 0;
    uint64_t size = 0;    // in the file
    uint64_t memory = 0;  // and with the zeros behind
    uint64_t address = 0;
  };

  void Read();
  void ReadSegments(Elf* elf);
  void AddSymbols(Elf* elf, Elf_Scn* section);
  void SortSymbols();
  uint64_t AddressOf(uint64_t file_offset) const;
  const std::string& NameOf(uint32_t name);

  std::string path_;
  UniqueFd file_;
  std::string debug_root_;
  ObjectOptions options_;
  const char* file_bytes_ = nullptr;  // of the vdso, in place of a file
  size_t file_size_ = 0;
  std::once_flag loaded_;
  std::vector<Symbol> symbols_;  // by start, then rank
  std::vector<uint64_t> reach_;  // by symbol: where the last of it and those before it ends
  std::vector<Segment> segments_;
  std::string names_;
  UniqueFd debug_file_;  // where debug information is, until it is first wanted
  std::unique_ptr<DebugLines> lines_;
  std::unordered_map<uint32_t, std::string> shown_;
};

}  // namespace sonde::symbols
