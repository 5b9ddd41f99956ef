// Types that come from the kernel's BTF, and from the debug information of programs. Nothing is opened before a script names such a type or reads through a pointer
// to one; a struct's fields are read when they are asked for.
#include <fmt/format.h>

#include "kernel/btf.h"
#include "kernel/debug_info.h"
#include "sema/checker.h"

namespace sonde::sema {

using kernel::Btf;
using kernel::BtfId;
using kernel::BtfKind;
using kernel::BtfMember;
using kernel::BtfType;

class BtfTypes {
 public:
  BtfTypes(Checker& checker, const Btf& btf) : checker_(checker), types_(checker.types()), btf_(btf) {
    if (btf.is_of_program()) origin_ = fmt::format("program {}", static_cast<const void*>(&btf));
  }

  // Null for what the language has no type for: functions, long doubles, 128-bit integers.
  const Type* Convert(BtfId id) {
    const BtfId stripped = btf_.Strip(id);
    const BtfType type = btf_.Type(stripped);
    switch (type.kind) {
      case BtfKind::kVoid:
        return types_.Void();
      case BtfKind::kInt:
        if (type.is_bool) return types_.Bool();
        return IsIntegerSize(type.size) ? types_.Int(type.size, type.is_signed) : nullptr;
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return Enumeration(stripped, type);
      case BtfKind::kPtr:
        return Pointer(type.target);
      case BtfKind::kFloat:
        return type.size == 4 || type.size == 8 ? types_.Float(type.size) : nullptr;
      case BtfKind::kArray:
        return Array(type);
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        return Structure(stripped, type);
      case BtfKind::kFwd:
        return Declared(fmt::format("{} {}", type.is_union ? "union" : "struct", type.name));
      case BtfKind::kTypedef:
      case BtfKind::kVolatile:
      case BtfKind::kConst:
      case BtfKind::kRestrict:
      case BtfKind::kFunc:
      case BtfKind::kFuncProto:
      case BtfKind::kVar:
      case BtfKind::kDataSec:
      case BtfKind::kDeclTag:
      case BtfKind::kTypeTag:
        return nullptr;
    }
    return nullptr;  // a kind that is newer than this program
  }

  // Fills in the fields of a struct that was only named so far.
  void Complete(const Type* type) {
    auto known = checker_.btf_structs_.find(type);
    if (known == checker_.btf_structs_.end()) {
      const bool is_union = type->name.starts_with("union ");
      std::optional<BtfId> id =
          btf_.Find(is_union ? BtfKind::kUnion : BtfKind::kStruct, type->name.substr(type->name.find(' ') + 1));
      if (!id) return;
      Structure(*id, btf_.Type(*id));
      known = checker_.btf_structs_.find(type);
      if (known == checker_.btf_structs_.end()) return;
    }
    if (known->second.id == 0 && !Define(known->second)) return;
    if (known->second.is_complete) return;
    known->second.is_complete = true;
    BtfTypes(checker_, *known->second.btf).AddFields(*known->second.type, known->second.id, 0);
  }

  const Type* Enumeration(BtfId id, const BtfType& described) {
    if (!IsIntegerSize(described.size)) return nullptr;
    std::string variant = described.name.empty() ? OwnVariant(id) : origin_;
    std::string name(described.name);
    Type* type = types_.Enum(name, described.size, described.is_signed, variant);
    if (type->size != described.size)
      type = types_.Enum(name, described.size, described.is_signed, OwnVariant(id));
    if (!type->enumerators.empty()) return type;
    for (const kernel::BtfEnumerator& enumerator : btf_.Enumerators(id)) {
      type->enumerators.emplace_back(enumerator.value, enumerator.name);
    }
    return type;
  }

 private:
  static bool IsIntegerSize(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

  // A pointer says by a tag on what it points to whether that lies in user memory.
  const Type* Pointer(BtfId target) {
    AddressSpace space = AddressSpace::kKernel;
    for (BtfType type = btf_.Type(target); type.kind == BtfKind::kTypeTag; type = btf_.Type(type.target)) {
      if (type.name == "user") space = AddressSpace::kUser;
    }
    const Type* element = Convert(target);
    bool untyped = element == nullptr || element->kind == TypeKind::kVoid;
    return types_.Pointer(untyped ? nullptr : element, space);
  }

  // Arrays of `char` are text; other bytes are numbers.
  const Type* Array(const BtfType& array) {
    const BtfType element_type = btf_.Type(btf_.Strip(array.target));
    const Type* element = Convert(array.target);
    if (element == nullptr || element->size == 0) return nullptr;
    bool is_text = element_type.kind == BtfKind::kInt && element_type.name == "char" && array.count > 0;
    return is_text ? types_.String(array.count) : types_.Array(element, array.count);
  }

  // Named, with its size, but without its fields.
  const Type* Structure(BtfId id, const BtfType& described) {
    const char* tag = described.kind == BtfKind::kUnion ? "union" : "struct";
    std::string name = described.name.empty() ? tag : fmt::format("{} {}", tag, described.name);
    if (const Type* from_c = checker_.CStruct(name)) return from_c;
    Type* type = types_.Struct(name, described.name.empty() ? OwnVariant(id) : origin_);
    auto [known, inserted] = checker_.btf_structs_.try_emplace(type, Checker::BtfStruct{type, id, false, &btf_});
    if (!inserted && known->second.id == 0) known->second.id = id;
    if (!inserted && known->second.id != id) {
      // Two source files of the kernel, or of a program, each have a struct of this name.
      type = types_.Struct(name, OwnVariant(id));
      checker_.btf_structs_.try_emplace(type, Checker::BtfStruct{type, id, false, &btf_});
    }
    type->size = described.size;
    return type;
  }

  std::string OwnVariant(BtfId id) const { return fmt::format("{}btf {}", origin_, id); }

  const Type* Declared(const std::string& name) {
    Type* type = types_.Struct(name, origin_);
    if (btf_.is_of_program()) checker_.btf_structs_.try_emplace(type, Checker::BtfStruct{type, 0, false, &btf_});
    return type;
  }

  // Looks for the struct that was only declared where it was met.
  static bool Define(Checker::BtfStruct& declared) {
    const std::string& name = declared.type->name;
    const BtfKind kind = name.starts_with("union ") ? BtfKind::kUnion : BtfKind::kStruct;
    const std::optional<BtfId> id = declared.btf->Find(kind, std::string_view(name).substr(name.find(' ') + 1));
    if (!id) return false;
    declared.id = *id;
    declared.type->size = declared.btf->Type(*id).size;
    return true;
  }

  // Members of anonymous members count as the struct's own.
  void AddFields(Type& type, BtfId id, uint32_t base_bits) {
    for (const BtfMember& member : btf_.Members(id)) {
      const uint32_t bits = base_bits + member.bit_offset;
      if (member.name.empty()) {
        const BtfId inner = btf_.Strip(member.type);
        const BtfKind kind = btf_.Type(inner).kind;
        if (kind == BtfKind::kStruct || kind == BtfKind::kUnion) AddFields(type, inner, bits);
        continue;
      }
      const Type* field_type = Convert(member.type);
      if (field_type == nullptr) field_type = types_.Void();  // known by its name, but of no type that there is
      type.fields.push_back({.name = std::string(member.name),
                             .type = field_type,
                             .offset = bits / 8,
                             .bit_offset = bits % 8,
                             .bit_width = member.bit_size});
    }
  }

  Checker& checker_;
  TypeTable& types_;
  const Btf& btf_;
  std::string origin_;  // tells types of a program from the kernel's of the same name
};

const Btf* Checker::KernelBtf() {
  if (!btf_) {
    Result<const Btf*> opened = world_.kernel.KernelBtf();
    btf_ = opened ? *opened : nullptr;
    if (!opened) btf_problem_ = opened.error().Message();
  }
  return *btf_;
}

void Checker::CompleteFromBtf(const Type* type) {
  const auto known = btf_structs_.find(type);
  const Btf* btf = known != btf_structs_.end() ? known->second.btf : KernelBtf();
  if (btf != nullptr) BtfTypes(*this, *btf).Complete(type);
}

const Btf* Checker::ProgramTypes() {
  if (scope_.program.empty()) return nullptr;
  const Result<kernel::DebugInfo*> info = world_.kernel.programs().Of(std::string(scope_.program));
  return info ? &(*info)->types() : nullptr;
}

const Type* Checker::BtfTypeNamed(std::string_view name, parser::TypeName::Tag tag) {
  const Type* of_program = TypeNamedIn(ProgramTypes(), name, tag);
  return of_program != nullptr ? of_program : TypeNamedIn(KernelBtf(), name, tag);
}

const Type* Checker::TypeNamedIn(const Btf* btf, std::string_view name, parser::TypeName::Tag tag) {
  using Tag = parser::TypeName::Tag;
  if (btf == nullptr) return nullptr;
  auto find = [&](BtfKind kind) -> const Type* {
    std::optional<BtfId> id = btf->Find(kind, name);
    return id ? BtfTypes(*this, *btf).Convert(*id) : nullptr;
  };
  switch (tag) {
    case Tag::kNone:
      for (BtfKind kind : {BtfKind::kTypedef, BtfKind::kStruct, BtfKind::kUnion, BtfKind::kEnum, BtfKind::kEnum64}) {
        if (const Type* type = find(kind)) return type;
      }
      return nullptr;
    case Tag::kStruct:
      return find(BtfKind::kStruct);
    case Tag::kUnion:
      return find(BtfKind::kUnion);
    case Tag::kEnum:
      if (const Type* type = find(BtfKind::kEnum)) return type;
      return find(BtfKind::kEnum64);
  }
  return nullptr;
}

const Type* Checker::TypeOfField(const ArgsFieldInfo& field) {
  if (field.btf == nullptr) return field.type;
  const Type* type = BtfTypes(*this, *field.btf).Convert(field.btf_type);
  return type == nullptr || !field.btf->is_of_program() ? type : types().InSpace(type, AddressSpace::kUser);
}

ExprPtr Checker::BtfEnumerator(std::string_view name, Span span) {
  ExprPtr of_program = EnumeratorIn(ProgramTypes(), name, span);
  return of_program != nullptr ? std::move(of_program) : EnumeratorIn(KernelBtf(), name, span);
}

ExprPtr Checker::EnumeratorIn(const Btf* btf, std::string_view name, Span span) {
  std::optional<BtfId> id = btf == nullptr ? std::nullopt : btf->FindEnumerator(name);
  if (!id) return nullptr;
  const Type* type = BtfTypes(*this, *btf).Convert(*id);
  if (type == nullptr) return nullptr;
  for (const auto& [value, enumerator] : type->enumerators) {
    if (enumerator == name) return MakeInt(span, static_cast<uint64_t>(value), type);
  }
  return nullptr;
}

}  // namespace sonde::sema
