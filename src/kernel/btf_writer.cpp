#include "kernel/btf_writer.h"

#include <cstring>

namespace sonde::kernel {
namespace {

constexpr uint32_t kHeaderBytes = 24;

void Append(std::vector<std::byte>& bytes, uint32_t word) {
  const size_t at = bytes.size();
  bytes.resize(at + sizeof(word));
  std::memcpy(bytes.data() + at, &word, sizeof(word));
}

}  // namespace

BtfId BtfWriter::Reserve() {
  // A reader that comes before it is filled in sees a struct without fields.
  records_.push_back({.kind = BtfKind::kStruct});
  return count();
}

BtfId BtfWriter::Add(Record record) {
  records_.push_back(std::move(record));
  return count();
}

uint32_t BtfWriter::String(std::string_view text) {
  if (text.empty()) return 0;
  if (auto known = string_at_.find(text); known != string_at_.end()) return known->second;
  const auto at = static_cast<uint32_t>(strings_.size());
  strings_.append(text);
  strings_.push_back('\0');
  string_at_.emplace(text, at);
  return at;
}

std::vector<std::byte> BtfWriter::Bytes() const {
  uint32_t type_bytes = 0;
  for (const Record& record : records_) type_bytes += 12 + 4 * static_cast<uint32_t>(record.words.size());
  std::vector<std::byte> bytes;
  bytes.reserve(kHeaderBytes + type_bytes + strings_.size());
  Append(bytes, 0xeb9f | 1U << 16);
  Append(bytes, kHeaderBytes);
  Append(bytes, 0);
  Append(bytes, type_bytes);
  Append(bytes, type_bytes);
  Append(bytes, static_cast<uint32_t>(strings_.size()));
  for (const Record& record : records_) {
    Append(bytes, record.name);
    Append(bytes, (record.count & 0xffff) | static_cast<uint32_t>(record.kind) << 24 | (record.flag ? 1U << 31 : 0));
    Append(bytes, record.size_or_type);
    for (const uint32_t word : record.words) Append(bytes, word);
  }
  const size_t at = bytes.size();
  bytes.resize(at + strings_.size());
  std::memcpy(bytes.data() + at, strings_.data(), strings_.size());
  return bytes;
}

}  // namespace sonde::kernel
