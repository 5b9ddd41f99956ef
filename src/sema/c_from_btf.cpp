#include "sema/c_from_btf.h"

#include <fmt/format.h>

#include <optional>

namespace sonde::sema {
namespace {

using kernel::Btf;
using kernel::BtfId;
using kernel::BtfKind;
using kernel::BtfType;

std::string IntegerName(uint64_t size, bool is_signed) {
  const char* word = size == 1 ? "char" : size == 2 ? "short" : size == 4 ? "int" : "long long";
  return fmt::format("{} {}", is_signed ? "signed" : "unsigned", word);
}

// BTF does not keep alignments; the largest power of two that the size is a multiple of is never too small, except
// for structs aligned to more than they are long, which do not exist.
std::string Bytes(const char* tag, std::string_view name, uint64_t size) {
  const int alignment = size % 8 == 0 ? 8 : size % 4 == 0 ? 4 : size % 2 == 0 ? 2 : 1;
  return fmt::format("{} {} {{ unsigned char {}[{}]; }} __attribute__((aligned({})))", tag, name, kHiddenField, size,
                     alignment);
}

// The kernel's type behind a typedef, as C names it; empty for what has no size.
std::string Spelling(const Btf& btf, BtfId id) {
  const BtfId stripped = btf.Strip(id);
  const BtfType type = btf.Type(stripped);
  switch (type.kind) {
    case BtfKind::kInt:
      if (type.is_bool) return "_Bool";
      if (type.size > 8) return "";
      return type.name == "char" ? "char" : IntegerName(type.size, type.is_signed);
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      return IntegerName(type.size, type.is_signed);
    case BtfKind::kPtr:
      return "void *";
    case BtfKind::kStruct:
    case BtfKind::kUnion:
      return Bytes(type.kind == BtfKind::kUnion ? "union" : "struct", type.name, type.size);
    default:
      return "";
  }
}

}  // namespace

std::string DeclareFromBtf(const Btf& btf, std::string_view name) {
  const bool is_union = name.starts_with("union ");
  if (is_union || name.starts_with("struct ")) {
    name.remove_prefix(name.find(' ') + 1);
    const std::optional<BtfId> id = btf.Find(is_union ? BtfKind::kUnion : BtfKind::kStruct, name);
    return id ? Spelling(btf, *id) + ";\n" : "";
  }
  const std::optional<BtfId> id = btf.Find(BtfKind::kTypedef, name);
  const std::string spelling = id ? Spelling(btf, *id) : "";
  return spelling.empty() ? "" : fmt::format("typedef {} {};\n", spelling, name);
}

}  // namespace sonde::sema
