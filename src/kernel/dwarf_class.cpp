#include "kernel/dwarf_class.h"

#include <optional>
#include <string_view>
#include <vector>

#include "kernel/dwarf_types.h"

namespace sonde::kernel {
namespace {

constexpr int kMaxDepth = 16;

bool IsAggregate(int tag) {
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

// The class itself, of a field's type: an array's elements count as fields.
std::optional<DwarfDie> ClassOf(const DwarfDie& owner) {
  std::optional<DwarfDie> type = DwarfTypes::Stripped(owner);
  while (type && type->tag() == DW_TAG_array_type) type = DwarfTypes::Stripped(*type);
  return type && IsAggregate(type->tag()) ? type : std::nullopt;
}

std::vector<DwarfDie> ParametersOf(const DwarfDie& function) {
  std::vector<DwarfDie> found;
  function.EachChild([&](const DwarfDie& child) {
    if (child.tag() == DW_TAG_formal_parameter) found.push_back(child);
    return true;
  });
  return found;
}

// Class(const Class&), Class(Class&&).
bool Copies(const DwarfDie& function, const DwarfDie& type) {
  const std::string_view name = type.name();
  if (function.name() != name.substr(0, name.find('<'))) return false;
  const std::vector<DwarfDie> parameters = ParametersOf(function);
  if (parameters.size() != 2) return false;
  const std::optional<DwarfDie> given = parameters[1].Reference(DW_AT_type);
  const bool is_reference =
      given && (given->tag() == DW_TAG_reference_type || given->tag() == DW_TAG_rvalue_reference_type);
  const std::optional<DwarfDie> target = is_reference ? DwarfTypes::Stripped(*given) : std::nullopt;
  return target && target->identity() == type.identity();
}

// One that the programmer wrote.
bool DoesSomething(const DwarfDie& function, const DwarfDie& type) {
  if (function.Flag(DW_AT_artificial) || function.Flag(DW_AT_deleted)) return false;
  if (function.Unsigned(DW_AT_defaulted) == DW_DEFAULTED_in_class) return false;
  return function.name().starts_with('~') || Copies(function, type);
}

bool IsByReference(const DwarfDie& type, int depth) {
  if (const auto convention = type.Unsigned(DW_AT_calling_convention)) return convention == DW_CC_pass_by_reference;
  if (depth == 0) return false;
  return !type.EachChild([&](const DwarfDie& child) {
    switch (child.tag()) {
      case DW_TAG_subprogram:
        return !DoesSomething(child, type);
      case DW_TAG_inheritance:
      case DW_TAG_member: {
        if (child.Unsigned(DW_AT_virtuality).value_or(0) != 0 || child.name().starts_with("_vptr")) return false;
        if (child.Flag(DW_AT_external)) return true;  // static
        const std::optional<DwarfDie> part = ClassOf(child);
        return !part || !IsByReference(*part, depth - 1);
      }
      default:
        return true;
    }
  });
}

}  // namespace

bool IsPassedByReference(const DwarfDie& type) { return IsByReference(type, kMaxDepth); }

}  // namespace sonde::kernel
