// The records of a BTF section as they lie in memory (include/uapi/linux/btf.h of the kernel), and a scanner over them
// that reads nothing outside the section, whatever its bytes say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernel/btf.h"

namespace sonde::kernel {

// struct btf_type.
struct RawType {
  uint32_t name = 0;
  uint32_t info = 0;
  uint32_t size_or_type = 0;

  BtfKind kind() const { return static_cast<BtfKind>((info >> 24) & 0x1f); }
  uint32_t count() const { return info & 0xffff; }
  bool kind_flag() const { return (info >> 31) != 0; }
};

// What follows struct btf_type.
struct RawArray {
  uint32_t type = 0;
  uint32_t index_type = 0;
  uint32_t count = 0;
};
struct RawMember {
  uint32_t name = 0;
  uint32_t type = 0;
  uint32_t offset = 0;
};
struct RawEnumerator {
  uint32_t name = 0;
  uint32_t value = 0;
};
struct RawEnumerator64 {
  uint32_t name = 0;
  uint32_t low = 0;
  uint32_t high = 0;
};
struct RawParameter {
  uint32_t name = 0;
  uint32_t type = 0;
};

// A checked section: every offset in `offsets` starts a record that lies wholly inside `types`.
class BtfSection {
 public:
  // Checks the header and walks over all types once. `object` names the section in errors.
  static Result<BtfSection> Scan(std::span<const std::byte> bytes, const std::string& object);

  uint32_t type_count() const { return static_cast<uint32_t>(offsets_.size()); }
  // Void for an id that does not exist.
  RawType Type(BtfId id) const;
  // The `index`th record behind type `id`; the caller keeps index below what the type's kind and count say.
  template <typename T>
  T Record(BtfId id, uint32_t index) const {
    return Load<T>(offsets_[id] + sizeof(RawType) + index * sizeof(T));
  }
  // Empty for an offset that is not in the string section.
  std::string_view String(uint32_t offset) const;
  // Whether the string there is `wanted`, without measuring it.
  bool StringIs(uint32_t offset, std::string_view wanted) const {
    return offset < strings_.size() && strings_.size() - offset > wanted.size() &&
           std::memcmp(strings_.data() + offset, wanted.data(), wanted.size()) == 0 &&
           strings_[offset + wanted.size()] == '\0';
  }

 private:
  template <typename T>
  T Load(size_t offset) const {
    T value;
    std::memcpy(&value, types_.data() + offset, sizeof(T));
    return value;
  }

  std::span<const std::byte> types_;
  std::string_view strings_;       // ends with a NUL
  std::vector<uint32_t> offsets_;  // by id; that of void is not used
};

}  // namespace sonde::kernel
