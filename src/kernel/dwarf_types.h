// Types of DWARF written as BTF, so that everything else knows one form of them.
//
// A type is written with all that it leads to, once: the same struct of two compile units is the same type. Bases of
// C++ classes become fields of what derives from them. Member functions and static members are left out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/btf_writer.h"
#include "kernel/dwarf_die.h"

namespace sonde::kernel {

class DwarfTypes {
 public:
  explicit DwarfTypes(BtfWriter& writer) : writer_(writer) {}

  // The type that an entry's DW_AT_type names; 0, which is void, where it names none.
  BtfId TypeOf(const DwarfDie& owner);
  BtfId Of(const DwarfDie& type);

  // "geo::Point" of a class in a namespace.
  static std::string QualifiedName(const DwarfDie& type);
  // The type itself, without typedefs and qualifiers.
  static std::optional<DwarfDie> Stripped(const DwarfDie& owner);

 private:
  struct Member {
    std::string name;
    BtfId type = 0;
    uint64_t bit_offset = 0;
    uint32_t bit_size = 0;
  };
  using Members = std::vector<Member>;

  BtfId Write(const DwarfDie& type);
  BtfId Base(const DwarfDie& type);
  BtfId Array(const DwarfDie& type);
  BtfId Aggregate(const DwarfDie& type);
  BtfId Enumeration(const DwarfDie& type);
  BtfId Modifier(BtfKind kind, const DwarfDie& type);
  BtfId Named(BtfKind kind, const DwarfDie& type, BtfWriter::Record record);
  BtfId IntegerOf(uint32_t bytes);
  void AddMembers(const DwarfDie& type, uint64_t base_bits, Members& members);
  void AddBase(const DwarfDie& inheritance, uint64_t base_bits, Members& members);
  void AddMember(const DwarfDie& member, uint64_t base_bits, Members& members);
  // The id of an equal type that was written before, by `key`; else `make` says it.
  template <typename Make>
  BtfId Once(const std::string& key, Make make);

  BtfWriter& writer_;
  std::map<const void*, BtfId> by_die_;
  std::map<std::string, BtfId> by_key_;
};

}  // namespace sonde::kernel
