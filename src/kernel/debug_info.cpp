#include "kernel/debug_info.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libelf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>

#include "base/debug_folders.h"
#include "kernel/dwarf_class.h"
#include "kernel/dwarf_places.h"

namespace sonde::kernel {
namespace {

constexpr int kMaxDepth = 16;
constexpr const char* kOptimisedAway = "it was optimised away there";

std::unexpected<Error> NoDebugInfo(const std::string& path, std::string reason) {
  return std::unexpected(Error{.operation = "read types of",
                               .object = path,
                               .error_number = ENODATA,
                               .reason = std::move(reason),
                               .remedy = "compile it with -g, or install its debug symbols"});
}

// The file of the program itself when it has the information, else its debug file, if that was made with it.
std::string FileWithInfo(const ElfFile& file) {
  if (file.HasSection(".debug_info")) return file.path();
  const std::string separate = FindDebugFile(file);
  if (separate.empty()) return "";
  const Result<ElfFile> debug = ElfFile::Open(separate);
  if (!debug || !debug->HasSection(".debug_info")) return "";
  const std::string id = file.BuildId();
  return id.empty() || debug->BuildId().empty() || debug->BuildId() == id ? separate : "";
}

bool IsAggregate(int tag) {
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

bool IsOfKind(int tag, BtfKind kind) {
  switch (kind) {
    case BtfKind::kStruct:
      return tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
    case BtfKind::kUnion:
      return tag == DW_TAG_union_type;
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      return tag == DW_TAG_enumeration_type;
    case BtfKind::kTypedef:
      return tag == DW_TAG_typedef;
    default:
      return false;
  }
}

// Children of a unit and of its namespaces; `visit` answers whether to go on.
template <typename Visit>
bool EachType(const DwarfDie& parent, int depth, const Visit& visit) {
  return parent.EachChild([&](const DwarfDie& child) {
    if (child.tag() != DW_TAG_namespace) return visit(child);
    return depth == 0 || EachType(child, depth - 1, visit);
  });
}

// Whether `path` is the file that is meant by a name, or by the end of a path.
bool IsFileNamed(std::string_view path, std::string_view wanted) {
  if (!path.ends_with(wanted)) return false;
  const size_t before = path.size() - wanted.size();
  return before == 0 || path[before - 1] == '/' || wanted.front() == '/';
}

std::vector<DwarfDie> ParametersOf(const DwarfDie& function) {
  std::vector<DwarfDie> found;
  function.EachChild([&](const DwarfDie& child) {
    if (child.tag() == DW_TAG_formal_parameter) found.push_back(child);
    return true;
  });
  if (!found.empty()) return found;
  for (const unsigned origin : {DW_AT_abstract_origin, DW_AT_specification}) {
    if (const std::optional<DwarfDie> declared = function.Reference(origin)) return ParametersOf(*declared);
  }
  return found;
}

}  // namespace

DebugInfo::DebugInfo(const Libdw& libdw, UniqueFd file, UniqueFd program, Dwarf* dwarf)
    : libdw_(libdw), file_(std::move(file)), program_(std::move(program)), dwarf_(dwarf) {
  ListUnits();
  Result<std::unique_ptr<Btf>> empty = Btf::FromBytes(writer_.Bytes());
  SONDE_CHECK(empty.has_value());
  btf_ = *std::move(empty);
  btf_->SetSource(this);
}

DebugInfo::~DebugInfo() {
  libdw_.dwarf_end(dwarf_);
  if (frames_ && *frames_ != nullptr && program_elf_ != nullptr) libdw_.dwarf_cfi_end(*frames_);
  if (program_elf_ != nullptr) elf_end(program_elf_);
}

Result<std::unique_ptr<DebugInfo>> DebugInfo::Open(const ElfFile& file) {
  const std::string path = FileWithInfo(file);
  if (path.empty()) return NoDebugInfo(file.path(), "it has no debug information");
  const Libdw* libdw = OpenLibdw();
  if (libdw == nullptr) {
    return std::unexpected(Error{.operation = "read types of",
                                 .object = file.path(),
                                 .reason = "libdw.so.1, which reads debug information, is not there",
                                 .remedy = "install it: apt install libdw1"});
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return SystemError("read", path);
  UniqueFd program(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  Dwarf* dwarf = libdw->dwarf_begin(fd.get(), DWARF_C_READ);
  if (dwarf == nullptr) return NoDebugInfo(path, "its debug information cannot be read");
  return std::unique_ptr<DebugInfo>(new DebugInfo(*libdw, std::move(fd), std::move(program), dwarf));
}

// Not by .debug_aranges, which not all compilers write.
void DebugInfo::ListUnits() {
  Dwarf_Off at = 0;
  Dwarf_Off next = 0;
  size_t header_size = 0;
  while (libdw_.dwarf_nextcu(dwarf_, at, &next, &header_size, nullptr, nullptr, nullptr) == 0) {
    units_.push_back({.die = at + header_size});
    at = next;
    Dwarf_Die die;
    if (libdw_.dwarf_offdie(dwarf_, units_.back().die, &die) == nullptr) continue;
    Dwarf_Addr base = 0;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    for (ptrdiff_t range = 0; (range = libdw_.dwarf_ranges(&die, range, &base, &start, &end)) > 0;) {
      ranges_.push_back({.start = start, .end = end, .unit = units_.size() - 1});
    }
  }
  std::ranges::sort(ranges_, {}, &Range::start);
}

std::optional<DwarfDie> DebugInfo::UnitDie(const Unit& unit) const {
  Dwarf_Die die;
  if (libdw_.dwarf_offdie(dwarf_, unit.die, &die) == nullptr) return std::nullopt;
  return DwarfDie(libdw_, die);
}

DebugInfo::Unit* DebugInfo::UnitAt(uint64_t address) {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::start);
  if (after == ranges_.begin() || address >= std::prev(after)->end) return nullptr;
  Unit& unit = units_[std::prev(after)->unit];
  unit.is_used = true;
  if (!unit.functions) ReadFunctions(unit);
  return &unit;
}

void DebugInfo::ReadFunctions(Unit& unit) {
  unit.functions.emplace();
  if (const std::optional<DwarfDie> die = UnitDie(unit)) AddFunctions(*die, *unit.functions, kMaxDepth);
}

void DebugInfo::AddFunctions(const DwarfDie& parent, std::map<uint64_t, Dwarf_Die>& functions, int depth) {
  parent.EachChild([&](const DwarfDie& child) {
    const int tag = child.tag();
    if (tag == DW_TAG_subprogram) {
      Dwarf_Addr entry = 0;
      if (libdw_.dwarf_entrypc(child.raw(), &entry) == 0) functions.emplace(entry, *child.raw());
    } else if ((tag == DW_TAG_namespace || IsAggregate(tag)) && depth > 0) {
      AddFunctions(child, functions, depth - 1);
    }
    return true;
  });
}

// The inlined function that the instruction comes from, else the function itself.
std::optional<DwarfDie> DebugInfo::InnermostAt(Unit& unit, uint64_t address, const DwarfDie& function) const {
  const std::optional<DwarfDie> die = UnitDie(unit);
  Dwarf_Die* scopes = nullptr;
  const int count = die ? libdw_.dwarf_getscopes(die->raw(), address, &scopes) : 0;
  std::optional<DwarfDie> found;
  for (int i = 0; i < count && !found; ++i) {
    const DwarfDie scope(libdw_, scopes[i]);
    if (scope.tag() == DW_TAG_inlined_subroutine) found = scope;
    if (scope.tag() == DW_TAG_subprogram) found = function;
  }
  std::free(scopes);
  return found;
}

PassedValue DebugInfo::ValueOf(const DwarfDie& owner) {
  const std::optional<DwarfDie> type = DwarfTypes::Stripped(owner);
  const bool by_reference = type && IsAggregate(type->tag()) && IsPassedByReference(*type);
  return {.type = dwarf_types_.TypeOf(owner), .by_reference = by_reference};
}

Dwarf_CFI* DebugInfo::Frames() {
  if (frames_) return *frames_;
  frames_ = nullptr;
  elf_version(EV_CURRENT);
  program_elf_ = elf_begin(program_.get(), ELF_C_READ_MMAP, nullptr);
  if (program_elf_ != nullptr) frames_ = libdw_.dwarf_getcfi_elf(program_elf_);
  return *frames_;
}

std::optional<DebugFunction> DebugInfo::FunctionAt(uint64_t address) {
  Unit* unit = UnitAt(address);
  if (unit == nullptr) return std::nullopt;
  const auto after = unit->functions->upper_bound(address);
  if (after == unit->functions->begin()) return std::nullopt;
  const auto& [entry, die] = *std::prev(after);
  const DwarfDie function(libdw_, die);
  DebugFunction out{.is_entry = entry == address};
  const std::optional<DwarfDie> scope = out.is_entry ? function : InnermostAt(*unit, address, function);
  if (!scope) return std::nullopt;
  const DwarfFrame frame{
      .address = address, .is_entry = out.is_entry, .frames = Frames(), .function = function};
  for (const DwarfDie& parameter : ParametersOf(*scope)) {
    std::optional<UserLocation> place = PlaceOf(parameter, frame);
    if (!place && !out.is_entry) place = UserLocation{.problem = kOptimisedAway};
    std::string name(parameter.name());
    if (name.empty()) name = fmt::format("arg{}", out.parameters.size());
    out.parameters.push_back({std::move(name), ValueOf(parameter), std::move(place)});
  }
  out.result = ValueOf(*scope);
  return out;
}

const Btf& DebugInfo::types() {
  if (published_ == writer_.count()) return *btf_;
  const bool is_sound = btf_->Replace(writer_.Bytes());
  SONDE_CHECK(is_sound);
  published_ = writer_.count();
  return *btf_;
}

// --- lines

void DebugInfo::CollectLines(const Unit& unit, std::string_view file, uint32_t line, DebugLine& found) {
  const std::optional<DwarfDie> die = UnitDie(unit);
  Dwarf_Lines* lines = nullptr;
  size_t count = 0;
  if (!die || libdw_.dwarf_getsrclines(die->raw(), &lines, &count) != 0) return;
  std::map<const void*, uint64_t> lowest;  // by the function, inlined or not, that has code of the line
  for (size_t i = 0; i < count; ++i) {
    Dwarf_Line* row = libdw_.dwarf_onesrcline(lines, i);
    int number = 0;
    bool is_statement = false;
    bool is_end = false;
    Dwarf_Addr address = 0;
    const char* source = libdw_.dwarf_linesrc(row, nullptr, nullptr);
    if (source == nullptr || !IsFileNamed(source, file)) continue;
    found.is_file_known = true;
    libdw_.dwarf_lineno(row, &number);
    libdw_.dwarf_linebeginstatement(row, &is_statement);
    libdw_.dwarf_lineendsequence(row, &is_end);
    libdw_.dwarf_lineaddr(row, &address);
    const auto at = static_cast<uint32_t>(number);
    if (!is_statement || is_end || address == 0 || at < line) continue;
    if (at > line) {
      if (found.next_line == 0 || at < found.next_line) found.next_line = at;
      continue;
    }
    Unit* owner = UnitAt(address);
    if (owner == nullptr || owner->functions->empty()) continue;
    const auto after = owner->functions->upper_bound(address);
    if (after == owner->functions->begin()) continue;
    const DwarfDie function(libdw_, std::prev(after)->second);
    const std::optional<DwarfDie> scope = InnermostAt(*owner, address, function);
    auto [known, inserted] = lowest.try_emplace(scope ? scope->identity() : function.identity(), address);
    if (!inserted) known->second = std::min(known->second, address);
  }
  for (const auto& [scope, address] : lowest) found.addresses.push_back(address);
}

DebugLine DebugInfo::FindLine(std::string_view file, uint32_t line) {
  DebugLine found;
  // Units of that file first; code of a header, and what is included, stands in others.
  for (const bool named : {true, false}) {
    for (const Unit& unit : units_) {
      const std::optional<DwarfDie> die = UnitDie(unit);
      if (die && IsFileNamed(die->name(), file) == named) CollectLines(unit, file, line, found);
    }
    if (!found.addresses.empty()) break;
  }
  std::ranges::sort(found.addresses);
  const auto [first, last] = std::ranges::unique(found.addresses);
  found.addresses.erase(first, last);
  return found;
}

// --- types by name

template <typename Fits>
std::optional<DwarfDie> DebugInfo::Search(Fits fits) {
  std::optional<DwarfDie> found;
  for (const bool used : {true, false}) {
    for (const Unit& unit : units_) {
      const std::optional<DwarfDie> die = unit.is_used == used ? UnitDie(unit) : std::nullopt;
      if (!die) continue;
      EachType(*die, kMaxDepth, [&](const DwarfDie& type) {
        if (fits(type)) found = type;
        return !found;
      });
      if (found) return found;
    }
  }
  return found;
}

std::optional<BtfId> DebugInfo::FindType(BtfKind kind, std::string_view name) {
  auto [known, inserted] = found_.try_emplace({kind, std::string(name)});
  if (!inserted || name.empty()) return known->second;
  const std::string wanted(name);
  const std::optional<DwarfDie> found = Search([&](const DwarfDie& type) {
    if (!IsOfKind(type.tag(), kind) || type.Flag(DW_AT_declaration)) return false;
    const bool is_qualified = wanted.find("::") != std::string::npos;
    if (is_qualified) return wanted.ends_with(type.name()) && DwarfTypes::QualifiedName(type) == wanted;
    return type.name() == wanted;
  });
  if (found) known->second = dwarf_types_.Of(*found);
  types();
  return known->second;
}

std::optional<BtfId> DebugInfo::FindEnumerator(std::string_view name) {
  const std::string wanted(name);
  auto [known, inserted] = enumerators_.try_emplace(wanted);
  if (!inserted) return known->second;
  const std::optional<DwarfDie> found = Search([&](const DwarfDie& type) {
    if (type.tag() != DW_TAG_enumeration_type) return false;
    return !type.EachChild([&](const DwarfDie& child) { return child.name() != wanted; });
  });
  if (found) known->second = dwarf_types_.Of(*found);
  types();
  return known->second;
}

Result<DebugInfo*> DebugInfos::Of(const ElfFile& file) {
  auto known = by_path_.find(file.path());
  if (known == by_path_.end()) known = by_path_.emplace(file.path(), DebugInfo::Open(file)).first;
  if (!known->second) return std::unexpected(known->second.error());
  return known->second->get();
}

Result<DebugInfo*> DebugInfos::Of(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) {
    if (!known->second) return std::unexpected(known->second.error());
    return known->second->get();
  }
  const Result<ElfFile> file = ElfFile::Open(path);
  if (!file) return std::unexpected(file.error());
  return Of(*file);
}

}  // namespace sonde::kernel
