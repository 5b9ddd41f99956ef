#include "kernel/btf.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <unordered_map>
#include <utility>

#include "kernel/btf_raw.h"
#include "kernel/tracefs.h"

namespace sonde::kernel {
namespace {

// Longer chains of typedefs, qualifiers or arrays are circles in a damaged section.
constexpr int kMaxChain = 64;
// Structs looked into by one FindField; a circle of anonymous members would else not end.
constexpr int kMaxVisits = 10'000;
// So many searches take as long as an index of all names does.
constexpr size_t kManySearches = 24;

// The bytes of a file, mapped or read.
class FileBytes {
 public:
  FileBytes() = default;
  explicit FileBytes(std::vector<std::byte> read) : read_(std::move(read)), bytes_(read_) {}
  FileBytes(void* mapped, size_t size) : mapped_(mapped), bytes_(static_cast<const std::byte*>(mapped), size) {}
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  ~FileBytes() {
    if (mapped_ != nullptr) munmap(mapped_, bytes_.size());
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> read_;
  void* mapped_ = nullptr;
  std::span<const std::byte> bytes_;
};

Result<std::unique_ptr<FileBytes>> ReadWhole(int file, size_t size, const std::string& path) {
  std::vector<std::byte> bytes(size);
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(file, bytes.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return std::make_unique<FileBytes>(std::move(bytes));
}

Result<std::unique_ptr<FileBytes>> MapOrRead(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return SystemError("open", path);
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return SystemError("stat", path);
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return std::make_unique<FileBytes>(std::vector<std::byte>());
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped != MAP_FAILED) return std::make_unique<FileBytes>(mapped, size);
  return ReadWhole(file.get(), size, path);
}

bool IsModifier(BtfKind kind) {
  return kind == BtfKind::kTypedef || kind == BtfKind::kConst || kind == BtfKind::kVolatile ||
         kind == BtfKind::kRestrict || kind == BtfKind::kTypeTag;
}

bool IsAggregate(BtfKind kind) { return kind == BtfKind::kStruct || kind == BtfKind::kUnion; }

bool HasTarget(BtfKind kind) {
  return IsModifier(kind) || kind == BtfKind::kPtr || kind == BtfKind::kFunc || kind == BtfKind::kVar ||
         kind == BtfKind::kDeclTag;
}

bool HasSize(BtfKind kind) {
  return IsAggregate(kind) || kind == BtfKind::kInt || kind == BtfKind::kEnum || kind == BtfKind::kEnum64 ||
         kind == BtfKind::kFloat || kind == BtfKind::kDataSec;
}

// The word behind an integer type: encoding, bit offset, bits.
struct IntBits {
  bool is_signed() const { return (word >> 24 & 1) != 0; }
  bool is_bool() const { return (word >> 24 & 4) != 0; }
  uint32_t offset() const { return word >> 16 & 0xff; }
  uint32_t bits() const { return word & 0xff; }
  uint32_t word = 0;
};

}  // namespace

struct Btf::Data {
  std::unique_ptr<FileBytes> file;
  BtfSection section;
  mutable std::map<std::pair<BtfKind, std::string>, std::optional<BtfId>> found;
  mutable std::map<std::string, std::optional<BtfId>, std::less<>> enumerator_found;
  // Of all names, made for those who look for many.
  mutable std::unordered_multimap<std::string_view, BtfId> by_name;

  std::optional<BtfId> FindInIndex(BtfKind kind, std::string_view name) const;

  bool Is(BtfId id, BtfKind kind) const { return id != 0 && section.Type(id).kind() == kind; }
  BtfMember Member(BtfId id, const RawType& parent, uint32_t index) const;
};

std::optional<BtfId> Btf::Data::FindInIndex(BtfKind kind, std::string_view name) const {
  if (by_name.empty()) {
    by_name.reserve(section.type_count());
    for (BtfId id = 1; id < section.type_count(); ++id) {
      const std::string_view text = section.String(section.Type(id).name);
      if (!text.empty()) by_name.emplace(text, id);
    }
  }
  std::optional<BtfId> first;
  for (auto [at, end] = by_name.equal_range(name); at != end; ++at) {
    if (section.Type(at->second).kind() == kind && (!first || at->second < *first)) first = at->second;
  }
  return first;
}

// Before kind_flag, a bitfield's width stood in an integer type of its own.
BtfMember Btf::Data::Member(BtfId id, const RawType& parent, uint32_t index) const {
  const auto raw = section.Record<RawMember>(id, index);
  BtfMember member{.name = section.String(raw.name), .type = raw.type, .bit_offset = raw.offset};
  if (parent.kind_flag()) {
    member.bit_offset = raw.offset & 0xffffff;
    member.bit_size = raw.offset >> 24;
    return member;
  }
  if (!Is(raw.type, BtfKind::kInt)) return member;
  const IntBits bits{section.Record<uint32_t>(raw.type, 0)};
  if (bits.bits() == uint64_t{section.Type(raw.type).size_or_type} * 8) return member;
  member.bit_offset += bits.offset();
  member.bit_size = bits.bits();
  return member;
}

Btf::Btf(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Btf::~Btf() = default;

Result<std::unique_ptr<Btf>> Btf::Open(const std::string& path, const Btf* base) {
  auto file = MapOrRead(path);
  if (!file) return std::unexpected(file.error());
  auto section = BtfSection::Scan((*file)->bytes(), path, base == nullptr ? nullptr : &base->data_->section);
  if (!section) return std::unexpected(section.error());
  auto data = std::make_unique<Data>();
  data->file = std::move(*file);
  data->section = std::move(*section);
  return std::unique_ptr<Btf>(new Btf(std::move(data)));
}

Result<std::unique_ptr<Btf>> Btf::FromBytes(std::vector<std::byte> bytes) {
  auto data = std::make_unique<Data>();
  data->file = std::make_unique<FileBytes>(std::move(bytes));
  auto section = BtfSection::Scan(data->file->bytes(), "memory");
  if (!section) return std::unexpected(section.error());
  data->section = std::move(*section);
  return std::unique_ptr<Btf>(new Btf(std::move(data)));
}

bool Btf::Replace(std::vector<std::byte> bytes) {
  Result<std::unique_ptr<Btf>> whole = FromBytes(std::move(bytes));
  if (whole) data_ = std::move((*whole)->data_);
  return whole.has_value();
}

std::optional<BtfId> Btf::Find(BtfKind kind, std::string_view name) const {
  if (source_ != nullptr) return source_->FindType(kind, name);
  const std::pair key{kind, std::string(name)};
  if (auto known = data_->found.find(key); known != data_->found.end()) return known->second;
  std::optional<BtfId> found;
  const BtfSection& section = data_->section;
  const bool by_index = data_->found.size() >= kManySearches;
  if (by_index) found = data_->FindInIndex(kind, name);
  for (BtfId id = 1; id < section.type_count() && !by_index; ++id) {
    const RawType type = section.Type(id);
    if (type.kind() == kind && section.StringIs(type.name, name)) {
      found = id;
      break;
    }
  }
  data_->found.emplace(key, found);
  return found;
}

std::vector<Btf::Named> Btf::FindAll(BtfKind kind, std::string_view prefix) const {
  std::vector<Named> all;
  const BtfSection& section = data_->section;
  for (BtfId id = section.first_id(); id < section.type_count(); ++id) {
    const RawType type = section.Type(id);
    if (type.kind() == kind && section.StringStartsWith(type.name, prefix)) {
      all.push_back({.name = section.String(type.name), .id = id});
    }
  }
  return all;
}

std::string Btf::CName(BtfId id) const {
  std::string before;
  std::string behind;  // stars and brackets
  for (int i = 0; i < kMaxChain; ++i) {
    const BtfType type = Type(id);
    const auto named = [&](std::string_view tag) {
      const std::string name = type.name.empty() ? "{…}" : std::string(type.name);
      return before + std::string(tag) + name + (behind.starts_with('*') ? " " : "") + behind;
    };
    switch (type.kind) {
      case BtfKind::kVoid:
        return before + "void" + (behind.empty() ? "" : " ") + behind;
      case BtfKind::kPtr:
        behind.insert(0, "*");
        break;
      case BtfKind::kArray:
        behind += "[" + std::to_string(type.count) + "]";
        break;
      case BtfKind::kStruct:
        return named("struct ");
      case BtfKind::kUnion:
        return named("union ");
      case BtfKind::kFwd:
        return named(type.is_union ? "union " : "struct ");
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return named("enum ");
      case BtfKind::kConst:
        if (Type(type.target).kind != BtfKind::kPtr) before = "const ";
        break;
      case BtfKind::kFuncProto:
        return "void (*)()";
      case BtfKind::kVolatile:
      case BtfKind::kRestrict:
      case BtfKind::kTypeTag:
        break;
      case BtfKind::kInt:
      case BtfKind::kFloat:
      case BtfKind::kTypedef:
      case BtfKind::kFunc:
      case BtfKind::kVar:
      case BtfKind::kDataSec:
      case BtfKind::kDeclTag:
        return named("");
    }
    id = type.target;
  }
  return "?";
}

BtfId Btf::Strip(BtfId id) const {
  for (int i = 0; i < kMaxChain; ++i) {
    const RawType type = data_->section.Type(id);
    if (!IsModifier(type.kind())) return id < type_count() ? id : 0;
    id = type.size_or_type;
  }
  return 0;
}

BtfType Btf::Type(BtfId id) const {
  const BtfSection& section = data_->section;
  const RawType raw = section.Type(id);
  BtfType type{.kind = raw.kind(), .name = section.String(raw.name)};
  if (HasSize(raw.kind())) type.size = raw.size_or_type;
  if (HasTarget(raw.kind())) type.target = raw.size_or_type;
  if (raw.kind() == BtfKind::kInt) {
    const IntBits bits{section.Record<uint32_t>(id, 0)};
    type.is_signed = bits.is_signed();
    type.is_bool = bits.is_bool();
  } else if (raw.kind() == BtfKind::kEnum || raw.kind() == BtfKind::kEnum64) {
    type.is_signed = raw.kind_flag();
  } else if (raw.kind() == BtfKind::kFwd) {
    type.is_union = raw.kind_flag();
  } else if (raw.kind() == BtfKind::kArray) {
    const auto array = section.Record<RawArray>(id, 0);
    type.target = array.type;
    type.count = array.count;
  }
  return type;
}

std::vector<BtfMember> Btf::Members(BtfId struct_or_union) const {
  const RawType type = data_->section.Type(struct_or_union);
  std::vector<BtfMember> members;
  if (!IsAggregate(type.kind())) return members;
  members.reserve(type.count());
  for (uint32_t i = 0; i < type.count(); ++i) members.push_back(data_->Member(struct_or_union, type, i));
  return members;
}

std::vector<BtfEnumerator> Btf::Enumerators(BtfId enumeration) const {
  const BtfSection& section = data_->section;
  const RawType type = section.Type(enumeration);
  std::vector<BtfEnumerator> enumerators;
  if (type.kind() == BtfKind::kEnum) {
    for (uint32_t i = 0; i < type.count(); ++i) {
      const auto raw = section.Record<RawEnumerator>(enumeration, i);
      const int64_t value = type.kind_flag() ? static_cast<int32_t>(raw.value) : int64_t{raw.value};
      enumerators.push_back({.name = section.String(raw.name), .value = value});
    }
  } else if (type.kind() == BtfKind::kEnum64) {
    for (uint32_t i = 0; i < type.count(); ++i) {
      const auto raw = section.Record<RawEnumerator64>(enumeration, i);
      const auto value = static_cast<int64_t>(uint64_t{raw.high} << 32 | raw.low);
      enumerators.push_back({.name = section.String(raw.name), .value = value});
    }
  }
  return enumerators;
}

std::optional<BtfId> Btf::FindEnumerator(std::string_view name) const {
  if (source_ != nullptr) return source_->FindEnumerator(name);
  if (auto known = data_->enumerator_found.find(name); known != data_->enumerator_found.end()) return known->second;
  const BtfSection& section = data_->section;
  const auto has_it = [&](BtfId id) {
    const RawType type = section.Type(id);
    if (type.kind() != BtfKind::kEnum && type.kind() != BtfKind::kEnum64) return false;
    for (uint32_t i = 0; i < type.count(); ++i) {
      const uint32_t at = type.kind() == BtfKind::kEnum ? section.Record<RawEnumerator>(id, i).name
                                                        : section.Record<RawEnumerator64>(id, i).name;
      if (section.StringIs(at, name)) return true;
    }
    return false;
  };
  std::optional<BtfId> found;
  for (BtfId id = 1; id < section.type_count() && !found; ++id) {
    if (has_it(id)) found = id;
  }
  data_->enumerator_found.emplace(name, found);
  return found;
}

std::vector<BtfParameter> Btf::Parameters(BtfId func_proto) const {
  const RawType type = data_->section.Type(func_proto);
  std::vector<BtfParameter> parameters;
  if (type.kind() != BtfKind::kFuncProto) return parameters;
  for (uint32_t i = 0; i < type.count(); ++i) {
    const auto raw = data_->section.Record<RawParameter>(func_proto, i);
    parameters.push_back({.name = data_->section.String(raw.name), .type = raw.type});
  }
  return parameters;
}

BtfId Btf::ReturnType(BtfId func_proto) const {
  const RawType type = data_->section.Type(func_proto);
  return type.kind() == BtfKind::kFuncProto ? type.size_or_type : 0;
}

namespace {

// The member `name` of a struct, anonymous members searched; offsets from the start of the outermost.
std::optional<Btf::FieldLocation> FindMember(const Btf& btf, BtfId parent, std::string_view name, int depth,
                                             int& visits) {
  if (depth == 0 || --visits <= 0) return std::nullopt;
  const std::vector<BtfMember> members = btf.Members(parent);
  for (const BtfMember& member : members) {
    if (member.name == name) return Btf::FieldLocation{member.bit_offset, member.bit_size, member.type};
  }
  for (const BtfMember& member : members) {
    if (!member.name.empty()) continue;
    auto inner = FindMember(btf, btf.Strip(member.type), name, depth - 1, visits);
    if (!inner) continue;
    inner->bit_offset += member.bit_offset;
    return inner;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Btf::FieldLocation> Btf::FindField(BtfId struct_or_union, std::string_view path) const {
  FieldLocation location{.type = struct_or_union};
  int visits = kMaxVisits;
  while (true) {
    const size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    if (name.empty()) return std::nullopt;
    auto member = FindMember(*this, Strip(location.type), name, kMaxChain, visits);
    if (!member) return std::nullopt;
    location = {location.bit_offset + member->bit_offset, member->bit_size, member->type};
    if (dot == std::string_view::npos) return location;
    path.remove_prefix(dot + 1);
  }
}

uint64_t Btf::SizeOf(BtfId id) const {
  uint64_t elements = 1;
  for (int i = 0; i < kMaxChain; ++i) {
    const BtfType type = Type(Strip(id));
    uint64_t size = type.kind == BtfKind::kPtr ? 8 : type.size;
    if (type.kind != BtfKind::kArray) return __builtin_mul_overflow(elements, size, &size) ? 0 : size;
    if (__builtin_mul_overflow(elements, uint64_t{type.count}, &elements)) return 0;
    id = type.target;
  }
  return 0;
}

uint32_t Btf::type_count() const { return data_->section.type_count(); }

}  // namespace sonde::kernel
