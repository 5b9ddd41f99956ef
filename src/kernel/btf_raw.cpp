#include "kernel/btf_raw.h"

#include <algorithm>
#include <optional>

namespace sonde::kernel {
namespace {

constexpr uint16_t kMagic = 0xeb9f;

// struct btf_header.
struct RawHeader {
  uint16_t magic = 0;
  uint8_t version = 0;
  uint8_t flags = 0;
  uint32_t header_length = 0;
  uint32_t type_offset = 0;
  uint32_t type_length = 0;
  uint32_t string_offset = 0;
  uint32_t string_length = 0;
};
static_assert(sizeof(RawHeader) == 24);

std::unexpected<Error> Damaged(const std::string& object, std::string reason) {
  return std::unexpected(Error{.operation = "read BTF of", .object = object, .reason = std::move(reason)});
}

// Bytes that follow struct btf_type; nothing for a kind that is newer than this program.
std::optional<size_t> ExtraBytes(const RawType& type) {
  switch (type.kind()) {
    case BtfKind::kInt:
    case BtfKind::kVar:
    case BtfKind::kDeclTag:
      return 4;
    case BtfKind::kArray:
      return sizeof(RawArray);
    case BtfKind::kStruct:
    case BtfKind::kUnion:
      return type.count() * sizeof(RawMember);
    case BtfKind::kEnum:
      return type.count() * sizeof(RawEnumerator);
    case BtfKind::kEnum64:
      return type.count() * sizeof(RawEnumerator64);
    case BtfKind::kFuncProto:
      return type.count() * sizeof(RawParameter);
    case BtfKind::kDataSec:
      return type.count() * size_t{12};
    case BtfKind::kPtr:
    case BtfKind::kFwd:
    case BtfKind::kTypedef:
    case BtfKind::kVolatile:
    case BtfKind::kConst:
    case BtfKind::kRestrict:
    case BtfKind::kFunc:
    case BtfKind::kFloat:
    case BtfKind::kTypeTag:
      return 0;
    case BtfKind::kVoid:
      return std::nullopt;
  }
  return std::nullopt;
}

bool Inside(size_t whole, uint64_t offset, uint64_t length) { return offset <= whole && length <= whole - offset; }

}  // namespace

Result<BtfSection> BtfSection::Scan(std::span<const std::byte> bytes, const std::string& object,
                                    const BtfSection* base) {
  RawHeader header;
  if (bytes.size() < sizeof(header)) return Damaged(object, "it is too short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return Damaged(object, "it is no BTF of this byte order");
  if (header.version != 1) return Damaged(object, "its version is unknown");
  if (header.header_length < sizeof(header) || header.header_length > bytes.size()) {
    return Damaged(object, "its header is damaged");
  }
  bytes = bytes.subspan(header.header_length);
  if (!Inside(bytes.size(), header.type_offset, header.type_length) ||
      !Inside(bytes.size(), header.string_offset, header.string_length)) {
    return Damaged(object, "its sections lie outside of it");
  }
  BtfSection section;
  section.base_ = base;
  if (base != nullptr) section.first_id_ = base->type_count();
  section.types_ = bytes.subspan(header.type_offset, header.type_length);
  const auto strings = bytes.subspan(header.string_offset, header.string_length);
  section.strings_ = {reinterpret_cast<const char*>(strings.data()), strings.size()};
  if (section.strings_.empty() || section.strings_.back() != '\0') {
    return Damaged(object, "its string section is damaged");
  }
  // Most types take 12 to 40 bytes; the vector must not grow in steps, since that is half of the time.
  section.offsets_.reserve(section.types_.size() / 20 + 1);
  section.offsets_.push_back(0);
  for (size_t at = 0; at < section.types_.size();) {
    const size_t left = section.types_.size() - at;
    if (left < sizeof(RawType)) return Damaged(object, "its last type is cut off");
    const auto type = section.Load<RawType>(at);
    const std::optional<size_t> extra = ExtraBytes(type);
    if (!extra) return Damaged(object, "it holds a kind of type that this program does not know");
    if (left - sizeof(RawType) < *extra) return Damaged(object, "its last type is cut off");
    section.offsets_.push_back(static_cast<uint32_t>(at));
    at += sizeof(RawType) + *extra;
  }
  return section;
}

RawType BtfSection::Type(BtfId id) const {
  if (id < first_id_ && base_ != nullptr) return base_->Type(id);
  if (id == 0 || id >= type_count()) return {};
  return Load<RawType>(offsets_[id - first_id_ + 1]);
}

std::string_view BtfSection::String(uint32_t offset) const {
  if (base_ != nullptr) {
    if (offset < base_->strings_.size()) return base_->String(offset);
    offset -= static_cast<uint32_t>(base_->strings_.size());
  }
  if (offset >= strings_.size()) return {};
  const std::string_view rest = strings_.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace sonde::kernel
