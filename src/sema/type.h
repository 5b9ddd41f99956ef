// The types of the language, interned: two types are the same when their pointers are.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"

namespace sonde::sema {

enum class TypeKind {
  kUnknown,  // not yet inferred; never in a checked program
  kError,    // already reported; silences what follows from it
  kVoid,
  kBool,
  kInt,
  kFloat,  // size 4 or 8: a value in memory, since the kernel does not compute with it
  kEnum,
  kPointer,
  kString,  // NUL-terminated bytes in `size` bytes of memory
  kBuffer,  // bytes as they lie, with their number before them: image::ValueKind::kBuffer
  kArray,
  kStruct,
  kTuple,
  kRecord,     // a tuple whose elements have names
  kProbe,      // number of a probe's name
  kTimestamp,  // nanoseconds since boot, rendered by `format`
  kRendered,   // a number or address that the reader makes a text of, as `rendering` says
  kArgs,       // the bare builtin `args`
  kAggregate,  // the result of count(), hist(n), …: may only be assigned to a map
};

// Where a pointer points, which decides how it is read.
enum class AddressSpace { kKernel, kUser };

struct Type;

struct Field {
  std::string name;            // empty in tuples
  const Type* type = nullptr;  // of a struct: void for what the language has no type for, such as a float
  uint32_t offset = 0;         // bytes
  uint32_t bit_offset = 0;     // of a bitfield, within the byte at `offset`
  uint32_t bit_width = 0;      // 0 unless a bitfield
};

struct Type {
  TypeKind kind = TypeKind::kUnknown;
  uint32_t size = 0;  // bytes in memory
  uint32_t align = 1;
  bool is_signed = false;
  // An integer that C declares as a 4-byte `int` but that stands in an unsigned 8-byte slot, as syscall arguments do.
  bool is_c_int = false;
  bool is_char_array = false;                  // a string as C declares it, which need not have a NUL
  bool is_from_literal = false;                // see TypeTable::LiteralInt
  AddressSpace space = AddressSpace::kKernel;  // pointers
  const Type* element = nullptr;               // pointers (null: void), arrays
  uint32_t count = 0;                          // arrays; 0: a flexible one, at the end of a struct
  std::string name;                            // structs ("struct foo"), enums
  std::string format;                          // timestamps, cgroup paths, stacks
  image::ValueKind rendering = image::ValueKind::kNone;
  std::vector<Field> fields;  // structs, tuples, records
  std::vector<std::pair<int64_t, std::string>> enumerators;

  bool IsInteger() const { return kind == TypeKind::kInt; }
  // Fits a register and takes part in arithmetic or conditions.
  bool IsScalar() const {
    return kind == TypeKind::kInt || kind == TypeKind::kBool || kind == TypeKind::kEnum || kind == TypeKind::kPointer ||
           kind == TypeKind::kProbe || kind == TypeKind::kTimestamp || (kind == TypeKind::kRendered && size <= 8);
  }
  bool IsString() const { return kind == TypeKind::kString; }
  bool IsBuffer() const { return kind == TypeKind::kBuffer; }
  bool IsPointer() const { return kind == TypeKind::kPointer; }
  bool IsEnum() const { return kind == TypeKind::kEnum; }
  bool IsStruct() const { return kind == TypeKind::kStruct; }
  bool IsArray() const { return kind == TypeKind::kArray; }
  bool IsFlexibleArray() const { return kind == TypeKind::kArray && count == 0; }
  // A tuple or a record: values next to each other, each as it would lie alone.
  bool IsTuple() const { return kind == TypeKind::kTuple || kind == TypeKind::kRecord; }
  // Unknown or in error: say nothing more about it.
  bool IsVague() const { return kind == TypeKind::kUnknown || kind == TypeKind::kError; }
  const Field* FindField(std::string_view field_name) const;
};

// As users write it: "int64", "string[16]", "struct foo *", "(int64, string[16])",
// "(size=int64)".
std::string Name(const Type& type);

// Owns types. Factory functions return the same pointer for the same arguments.
class TypeTable {
 public:
  const Type* Unknown() { return Simple(TypeKind::kUnknown, 0); }
  const Type* Error() { return Simple(TypeKind::kError, 0); }
  const Type* Void() { return Simple(TypeKind::kVoid, 0); }
  const Type* Bool() { return Simple(TypeKind::kBool, 1); }
  const Type* Args() { return Simple(TypeKind::kArgs, 8); }
  const Type* Aggregate() { return Simple(TypeKind::kAggregate, 8); }
  const Type* Probe() { return Simple(TypeKind::kProbe, 4); }
  const Type* Timestamp(std::string format);
  const Type* Rendered(image::ValueKind rendering, uint32_t size, std::string format = {});
  // `bytes` is 1, 2, 4 or 8.
  const Type* Int(uint32_t bytes, bool is_signed);
  const Type* Int64() { return Int(8, true); }
  const Type* Uint64() { return Int(8, false); }
  const Type* Float(uint32_t bytes);  // 4 or 8
  // A C int in an unsigned 8-byte slot.
  const Type* WideCInt();
  // What a map or variable holds that has only met literals so far: an int64 that takes the type of what it meets next.
  const Type* LiteralInt();
  const Type* String(uint32_t capacity);
  const Type* CharArray(uint32_t bytes);
  const Type* Buffer(uint32_t capacity);  // bytes of data
  const Type* CallText();                 // a system call, as a buffer that the reader makes a text of
  const Type* Pointer(const Type* element, AddressSpace space);
  const Type* Array(const Type* element, uint32_t count);
  const Type* Tuple(const std::vector<const Type*>& elements);
  // The same pointer, and those that it leads to, into another address space; types that are no pointers as they are.
  const Type* InSpace(const Type* type, AddressSpace space);
  const Type* Record(const std::vector<std::string>& names, const std::vector<const Type*>& elements);
  // A tuple or record like `form`, of these elements.
  const Type* TupleLike(const Type& form, const std::vector<const Type*>& elements);
  // A struct that is filled in later, so that it may refer to itself. A second call with the same name returns the
  // first; `variant` tells those of the same name (or without one) apart.
  Type* Struct(const std::string& name, std::string_view variant = {});
  Type* Enum(const std::string& name, uint32_t bytes, bool is_signed, std::string_view variant = {});

  // "int8" … "uint64", "bool", "string", C's names for integers and the kernel's (u32, __u64, pid_t …); null when
  // unknown.
  const Type* FromName(std::string_view name, uint32_t max_strlen);

 private:
  const Type* Simple(TypeKind kind, uint32_t size);
  const Type* Intern(Type type, const std::string& key);
  const Type* Laid(Type type, const std::vector<const Type*>& elements, std::string key);

  std::deque<Type> types_;
  std::map<std::string, Type*, std::less<>> by_key_;
};

}  // namespace sonde::sema
