// The kernel's BTF, read lazily: the raw section is scanned once for type offsets, nothing is copied.
// Format: Documentation/bpf/btf.rst of the kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sonde::kernel {

using BtfId = uint32_t;  // 0 is void

enum class BtfKind : uint8_t {
  kVoid = 0,
  kInt,
  kPtr,
  kArray,
  kStruct,
  kUnion,
  kEnum,
  kFwd,
  kTypedef,
  kVolatile,
  kConst,
  kRestrict,
  kFunc,
  kFuncProto,
  kVar,
  kDataSec,
  kFloat,
  kDeclTag,
  kTypeTag,
  kEnum64,
};

struct BtfMember {
  std::string_view name;  // empty for anonymous members
  BtfId type = 0;
  uint32_t bit_offset = 0;
  uint32_t bit_size = 0;  // 0 unless a bitfield
};
struct BtfEnumerator {
  std::string_view name;
  int64_t value = 0;
};
struct BtfType {
  BtfKind kind = BtfKind::kVoid;
  std::string_view name;
  uint32_t size = 0;       // int, struct, union, enum, float: bytes
  BtfId target = 0;        // ptr, typedef, qualifiers, func (its proto), array (element)
  uint32_t count = 0;      // array elements
  bool is_signed = false;  // int, enum
  bool is_bool = false;    // int
  bool is_union = false;   // fwd: of a union
};
struct BtfParameter {
  std::string_view name;
  BtfId type = 0;
};

// Knows of more types than a section has, and adds them to it when they are asked for.
class BtfSource {
 public:
  virtual ~BtfSource() = default;
  virtual std::optional<BtfId> FindType(BtfKind kind, std::string_view name) = 0;
  virtual std::optional<BtfId> FindEnumerator(std::string_view name) = 0;
};

class Btf {
 public:
  // Maps the file when the kernel allows it (since 6.16), else reads it.
  // A module's goes on where the kernel's, its base, ends; that must outlive it.
  static Result<std::unique_ptr<Btf>> Open(const std::string& path, const Btf* base = nullptr);
  static Result<std::unique_ptr<Btf>> FromBytes(std::vector<std::byte> bytes);
  ~Btf();

  // Types of a program, which are written as they are asked for. Find and FindEnumerator ask `source`, which is not
  // owned, and may call Replace meanwhile.
  void SetSource(BtfSource* source) { source_ = source; }
  bool is_of_program() const { return source_ != nullptr; }
  // The same section with more types behind those that it had. Names that were handed out are good no longer. False, and
  // nothing done, when the bytes are damaged.
  bool Replace(std::vector<std::byte> bytes);

  // The first type of that kind and name; a linear search, remembered. Ids that do not exist read as void everywhere
  // below, and damaged sections give empty answers, never a wild read.
  std::optional<BtfId> Find(BtfKind kind, std::string_view name) const;
  // All types of that kind whose names begin so, by id; of a module only its own. `name` has the prefix.
  struct Named {
    std::string_view name;
    BtfId id = 0;
  };
  std::vector<Named> FindAll(BtfKind kind, std::string_view prefix) const;
  // As C writes it: "struct task_struct *", "char[16]".
  std::string CName(BtfId id) const;
  // Typedefs and qualifiers taken off.
  BtfId Strip(BtfId id) const;
  BtfType Type(BtfId id) const;
  std::vector<BtfMember> Members(BtfId struct_or_union) const;
  std::vector<BtfEnumerator> Enumerators(BtfId enumeration) const;
  // The first enumeration that has an enumerator of that name; a linear search, remembered.
  std::optional<BtfId> FindEnumerator(std::string_view name) const;
  std::vector<BtfParameter> Parameters(BtfId func_proto) const;
  BtfId ReturnType(BtfId func_proto) const;
  // Finds `path` ("a.b.c", anonymous members searched) below a struct: offset in bits from its start and the member's
  // type.
  struct FieldLocation {
    uint32_t bit_offset = 0;
    uint32_t bit_size = 0;
    BtfId type = 0;
  };
  std::optional<FieldLocation> FindField(BtfId struct_or_union, std::string_view path) const;
  // Bytes of a type: typedefs and qualifiers taken off, arrays multiplied out, pointers 8; 0 for what has no size.
  uint64_t SizeOf(BtfId id) const;
  // Ids are 0 (void) to type_count() - 1.
  uint32_t type_count() const;

 private:
  struct Data;
  explicit Btf(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
  BtfSource* source_ = nullptr;
};

}  // namespace sonde::kernel
