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
  // Checks the header and walks over all types once. `object` names the section in errors. A module's section goes on
  // where its `base`, the kernel's, ends: with the ids of its types and with its strings. The base must outlive it.
  static Result<BtfSection> Scan(std::span<const std::byte> bytes, const std::string& object,
                                 const BtfSection* base = nullptr);

  uint32_t type_count() const { return first_id_ - 1 + static_cast<uint32_t>(offsets_.size()); }
  // Of the types that are its own and not its base's.
  BtfId first_id() const { return first_id_; }
  // Void for an id that does not exist.
  RawType Type(BtfId id) const;
  // The `index`th record behind type `id`; the caller keeps index below what the type's kind and count say.
  template <typename T>
  T Record(BtfId id, uint32_t index) const {
    if (id < first_id_ && base_ != nullptr) return base_->Record<T>(id, index);
    return Load<T>(offsets_[id - first_id_ + 1] + sizeof(RawType) + index * sizeof(T));
  }
  // Empty for an offset that is not in the string section.
  std::string_view String(uint32_t offset) const;
  // Whether the string there is `wanted`, without measuring it.
  bool StringIs(uint32_t offset, std::string_view wanted) const {
    if (base_ != nullptr) return String(offset) == wanted;
    return offset < strings_.size() && strings_.size() - offset > wanted.size() &&
           std::memcmp(strings_.data() + offset, wanted.data(), wanted.size()) == 0 &&
           strings_[offset + wanted.size()] == '\0';
  }
  bool StringStartsWith(uint32_t offset, std::string_view prefix) const {
    if (base_ != nullptr) return String(offset).starts_with(prefix);
    return offset < strings_.size() && strings_.substr(offset, prefix.size()) == prefix;
  }

 private:
  template <typename T>
  T Load(size_t offset) const {
    T value;
    std::memcpy(&value, types_.data() + offset, sizeof(T));
    return value;
  }

  std::span<const std::byte> types_;
  std::string_view strings_;  // ends with a NUL
  const BtfSection* base_ = nullptr;
  BtfId first_id_ = 1;
  std::vector<uint32_t> offsets_;  // by id less that of the first, from 1; that at 0 is not used
};

}  // namespace sonde::kernel
