// One entry of DWARF debug information, and what is asked of it.
#pragma once

#include <dwarf.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/libdw.h"

namespace sonde::kernel {

class DwarfDie {
 public:
  DwarfDie(const Libdw& libdw, const Dwarf_Die& die) : libdw_(&libdw), die_(die) {}

  int tag() const { return libdw_->dwarf_tag(&die_); }
  // Of its own, or of what it is an instance of; empty when it has none.
  std::string_view name() const {
    const char* text = libdw_->dwarf_diename(&die_);
    return text == nullptr ? std::string_view() : text;
  }
  // Tells entries apart, in one file and in those that it refers to.
  const void* identity() const { return die_.addr; }
  Dwarf_Die* raw() const { return &die_; }
  const Libdw& libdw() const { return *libdw_; }

  // Attributes are looked for in what the entry is an instance of, too.
  bool Has(unsigned attribute) const { return Find(attribute).has_value(); }
  std::optional<Dwarf_Attribute> Find(unsigned attribute) const {
    Dwarf_Attribute found;
    if (libdw_->dwarf_attr_integrate(&die_, attribute, &found) == nullptr) return std::nullopt;
    return found;
  }
  std::optional<uint64_t> Unsigned(unsigned attribute) const {
    std::optional<Dwarf_Attribute> found = Find(attribute);
    Dwarf_Word value = 0;
    if (!found || libdw_->dwarf_formudata(&*found, &value) != 0) return std::nullopt;
    return value;
  }
  // With the sign that its form says.
  std::optional<int64_t> Number(unsigned attribute) const {
    std::optional<Dwarf_Attribute> found = Find(attribute);
    if (!found) return std::nullopt;
    const unsigned form = libdw_->dwarf_whatform(&*found);
    if (form != DW_FORM_sdata && form != DW_FORM_implicit_const) {
      const std::optional<uint64_t> value = Unsigned(attribute);
      return value ? std::optional(static_cast<int64_t>(*value)) : std::nullopt;
    }
    Dwarf_Sword value = 0;
    if (libdw_->dwarf_formsdata(&*found, &value) != 0) return std::nullopt;
    return value;
  }
  bool Flag(unsigned attribute) const {
    std::optional<Dwarf_Attribute> found = Find(attribute);
    bool flag = false;
    return found && libdw_->dwarf_formflag(&*found, &flag) == 0 && flag;
  }
  std::optional<DwarfDie> Reference(unsigned attribute) const {
    std::optional<Dwarf_Attribute> found = Find(attribute);
    Dwarf_Die target;
    if (!found || libdw_->dwarf_formref_die(&*found, &target) == nullptr) return std::nullopt;
    return DwarfDie(*libdw_, target);
  }

  // `visit` says whether to go on; so does the answer.
  template <typename Visit>
  bool EachChild(Visit visit) const {
    Dwarf_Die child;
    if (libdw_->dwarf_child(&die_, &child) != 0) return true;
    do {
      if (!visit(DwarfDie(*libdw_, child))) return false;
    } while (libdw_->dwarf_siblingof(&child, &child) == 0);
    return true;
  }

 private:
  const Libdw* libdw_;
  mutable Dwarf_Die die_;  // libdw notes in it where its attributes are described
};

}  // namespace sonde::kernel
