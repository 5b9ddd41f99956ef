// What DWARF says of a program or library: functions with their parameters, types, source lines. It stands in the file
// itself or in a separate one, by build id or debug link. Compile units are read when they are needed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/btf.h"
#include "kernel/calling_convention.h"
#include "kernel/dwarf_types.h"
#include "kernel/elf_file.h"

struct Elf;

namespace sonde::kernel {

struct DebugParameter {
  std::string name;
  PassedValue value;
  std::optional<UserLocation> place;  // where it is said; else the calling convention says it
};

struct DebugFunction {
  bool is_entry = false;  // asked for its first instruction
  std::vector<DebugParameter> parameters;
  PassedValue result;
};

// Where the code of a line begins.
struct DebugLine {
  std::vector<uint64_t> addresses;  // one in each function that has some of it
  bool is_file_known = false;
  uint32_t next_line = 0;  // the next one that has code; 0: none
};

class DebugInfo : public BtfSource {
 public:
  // ENODATA when there is no debug information.
  static Result<std::unique_ptr<DebugInfo>> Open(const ElfFile& file);
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;
  ~DebugInfo() override;

  // The function, inlined or not, that the instruction at an address of the file belongs to. Its types are in types()
  // from the next call of that.
  std::optional<DebugFunction> FunctionAt(uint64_t address);
  // `file` is a name, or the end of a path.
  DebugLine FindLine(std::string_view file, uint32_t line);
  // All types that were asked for so far. The same object each time.
  const Btf& types();

  std::optional<BtfId> FindType(BtfKind kind, std::string_view name) override;
  std::optional<BtfId> FindEnumerator(std::string_view name) override;

 private:
  struct Range {
    uint64_t start = 0;
    uint64_t end = 0;
    size_t unit = 0;
  };
  struct Unit {
    Dwarf_Off die = 0;
    bool is_used = false;
    std::optional<std::map<uint64_t, Dwarf_Die>> functions;  // by entry; empty until it is read
  };

  DebugInfo(const Libdw& libdw, UniqueFd file, UniqueFd program, Dwarf* dwarf);
  void ListUnits();
  std::optional<DwarfDie> UnitDie(const Unit& unit) const;
  Unit* UnitAt(uint64_t address);
  void ReadFunctions(Unit& unit);
  void AddFunctions(const DwarfDie& parent, std::map<uint64_t, Dwarf_Die>& functions, int depth);
  std::optional<DwarfDie> InnermostAt(Unit& unit, uint64_t address, const DwarfDie& function) const;
  PassedValue ValueOf(const DwarfDie& owner);
  Dwarf_CFI* Frames();
  void CollectLines(const Unit& unit, std::string_view file, uint32_t line, DebugLine& found);
  // The first type that `fits`, in the units in use, then in all.
  template <typename Fits>
  std::optional<DwarfDie> Search(Fits fits);

  const Libdw& libdw_;
  UniqueFd file_;     // with the debug information
  UniqueFd program_;  // with the unwinding tables
  Elf* program_elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;
  std::optional<Dwarf_CFI*> frames_;
  std::vector<Unit> units_;
  std::vector<Range> ranges_;  // by start
  BtfWriter writer_;
  DwarfTypes dwarf_types_{writer_};
  uint32_t published_ = 0;  // types that `btf_` has
  std::unique_ptr<Btf> btf_;
  std::map<std::pair<BtfKind, std::string>, std::optional<BtfId>> found_;
  std::map<std::string, std::optional<BtfId>, std::less<>> enumerators_;
};

// Opened once each.
class DebugInfos {
 public:
  // Valid as long as this is.
  Result<DebugInfo*> Of(const std::string& path);
  Result<DebugInfo*> Of(const ElfFile& file);

 private:
  std::map<std::string, Result<std::unique_ptr<DebugInfo>>> by_path_;
};

}  // namespace sonde::kernel
