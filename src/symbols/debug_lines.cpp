#include "symbols/debug_lines.h"

#include <dwarf.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace sonde::symbols {

DebugLines::DebugLines(UniqueFd file) : file_(std::move(file)) {
  libdw_ = kernel::OpenLibdw();
  if (libdw_ == nullptr) return;
  dwarf_ = libdw_->dwarf_begin(file_.get(), DWARF_C_READ);
  if (dwarf_ != nullptr) ListUnits();
}

DebugLines::~DebugLines() {
  if (dwarf_ != nullptr) libdw_->dwarf_end(dwarf_);
}

// Not by .debug_aranges, which not all compilers write.
void DebugLines::ListUnits() {
  Dwarf_Off at = 0;
  Dwarf_Off next = 0;
  size_t header_size = 0;
  while (libdw_->dwarf_nextcu(dwarf_, at, &next, &header_size, nullptr, nullptr, nullptr) == 0) {
    Dwarf_Die die;
    const Dwarf_Off offset = at + header_size;
    at = next;
    if (libdw_->dwarf_offdie(dwarf_, offset, &die) == nullptr) continue;
    Dwarf_Addr base = 0;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    for (ptrdiff_t range = 0; (range = libdw_->dwarf_ranges(&die, range, &base, &start, &end)) > 0;) {
      units_.push_back({.start = start, .end = end, .die = offset});
    }
  }
  std::ranges::sort(units_, {}, &Unit::start);
}

bool DebugLines::FindUnit(uint64_t address, Dwarf_Die* unit) {
  const auto after = std::ranges::upper_bound(units_, address, {}, &Unit::start);
  if (after == units_.begin() || address >= std::prev(after)->end) return false;
  return libdw_->dwarf_offdie(dwarf_, std::prev(after)->die, unit) != nullptr;
}

std::string DebugLines::InlinedName(Dwarf_Die* scope) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name}) {
    if (libdw_->dwarf_attr_integrate(scope, name, &attribute) == nullptr) continue;
    const char* text = libdw_->dwarf_formstring(&attribute);
    if (text != nullptr) return text;
  }
  return "";
}

// Where an inlined function was called.
SourcePlace DebugLines::CallPlace(Dwarf_Die* unit, Dwarf_Die* scope) {
  SourcePlace place;
  Dwarf_Attribute attribute;
  Dwarf_Word line = 0;
  Dwarf_Word file = 0;
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (libdw_->dwarf_formudata(libdw_->dwarf_attr(scope, DW_AT_call_line, &attribute), &line) != 0 ||
      libdw_->dwarf_formudata(libdw_->dwarf_attr(scope, DW_AT_call_file, &attribute), &file) != 0 ||
      libdw_->dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count) {
    return place;
  }
  const char* name = libdw_->dwarf_filesrc(files, file, nullptr, nullptr);
  if (name == nullptr) return place;
  place.file = name;
  place.line = static_cast<int>(line);
  return place;
}

std::vector<SourcePlace> DebugLines::At(uint64_t address) {
  std::vector<SourcePlace> places;
  Dwarf_Die unit;
  if (dwarf_ == nullptr || !FindUnit(address, &unit)) return places;
  SourcePlace place;
  if (Dwarf_Line* line = libdw_->dwarf_getsrc_die(&unit, address); line != nullptr) {
    const char* file = libdw_->dwarf_linesrc(line, nullptr, nullptr);
    if (file != nullptr && libdw_->dwarf_lineno(line, &place.line) == 0) place.file = file;
  }
  Dwarf_Die* scopes = nullptr;
  const int count = libdw_->dwarf_getscopes(&unit, address, &scopes);
  for (Dwarf_Die& scope : std::span(scopes, static_cast<size_t>(std::max(count, 0)))) {
    const int tag = libdw_->dwarf_tag(&scope);
    if (tag == DW_TAG_subprogram) break;
    if (tag != DW_TAG_inlined_subroutine) continue;
    place.inlined = InlinedName(&scope);
    places.push_back(std::move(place));
    place = CallPlace(&unit, &scope);
  }
  std::free(scopes);
  places.push_back(std::move(place));
  return places;
}

}  // namespace sonde::symbols
