#include "runtime/maps.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/bpf_call.h"
#include "runtime/merge.h"

namespace sonde::runtime {
namespace {

constexpr uint32_t kFirstBatch = 256;
constexpr uint32_t kLargestBatch = 32768;
constexpr size_t kBatchBytes = 8UL << 20;  // of keys and values, which bounds the batch on machines with many CPUs

using image::MapRows;

std::unexpected<Error> Failed(const char* operation, const MapHandle& map, int negative_errno) {
  return std::unexpected(Error{.operation = operation, .object = map.spec->name, .error_number = -negative_errno});
}

// Bytes that the kernel hands over for one key.
size_t ValueBytes(const MapHandle& map) {
  if (!map.spec->per_cpu) return map.spec->value_size;
  return static_cast<size_t>(map.spec->value_size + 7) / 8 * 8 * map.possible_cpus;
}

MapRows NoRows(const MapHandle& map) {
  return {map.spec->is_keyless ? 0 : map.spec->key_size, map.spec->value_size};
}

void AddRow(MapRows& rows, const MapHandle& map, std::span<const std::byte> key, std::span<const std::byte> value) {
  const std::span<std::byte> place = rows.Add(key);
  if (map.spec->per_cpu) {
    MergeCpus(*map.spec, map.is_signed, value, place);
  } else {
    std::ranges::copy(value, place.begin());
  }
}

bool IsUnsupported(int result) { return result == -EINVAL || result == -EOPNOTSUPP || result == -kNotSupported; }

// Walks a hash by BPF_MAP_LOOKUP(_AND_DELETE)_BATCH.
class BatchWalk {
 public:
  BatchWalk(const MapHandle& map, bpf_cmd command)
      : map_(map),
        command_(command),
        key_size_(map.spec->key_size),
        value_bytes_(ValueBytes(map)),
        cursor_(std::max<size_t>(key_size_, sizeof(uint32_t))),
        next_cursor_(cursor_.size()) {
    const size_t fit = std::max<size_t>(kBatchBytes / (key_size_ + value_bytes_), 64);
    capacity_ = static_cast<uint32_t>(std::min<size_t>(kFirstBatch, fit));
    limit_ = static_cast<uint32_t>(std::min<size_t>(fit, kLargestBatch));
  }

  // One batch more. 0: there is more; -ENOENT: that was the last; other negative errno: failed.
  int Next() {
    while (true) {
      keys_.resize(static_cast<size_t>(capacity_) * key_size_);
      values_.resize(capacity_ * value_bytes_);
      count_ = capacity_;
      const int result = BpfMapBatch(command_, map_.fd, has_cursor_ ? cursor_.data() : nullptr, next_cursor_.data(),
                                     keys_, values_, &count_);
      if (result == -ENOSPC && capacity_ < map_.spec->max_entries * 2) {
        capacity_ *= 2;  // one bucket of the hash holds more than fits
        continue;
      }
      if (result == -EINTR) continue;
      if (result == 0) {
        std::swap(cursor_, next_cursor_);
        has_cursor_ = true;
        if (capacity_ < limit_) capacity_ = std::min(capacity_ * 4, limit_);
      } else if (result != -ENOENT) {
        count_ = 0;
      }
      return result;
    }
  }

  uint32_t count() const { return count_; }
  std::span<const std::byte> Key(uint32_t i) const { return std::span(keys_).subspan(i * key_size_, key_size_); }
  std::span<const std::byte> Value(uint32_t i) const {
    return std::span(values_).subspan(i * value_bytes_, value_bytes_);
  }

 private:
  const MapHandle& map_;
  bpf_cmd command_;
  size_t key_size_;
  size_t value_bytes_;
  std::vector<std::byte> cursor_;
  std::vector<std::byte> next_cursor_;
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
  uint32_t capacity_ = 0;
  uint32_t limit_ = 0;
  uint32_t count_ = 0;
  bool has_cursor_ = false;
};

Result<MapRows> ReadKeyless(const MapHandle& map) {
  std::vector<std::byte> value(ValueBytes(map));
  const uint32_t key = 0;
  const int result = BpfMapLookup(map.fd, &key, value.data());
  if (result != 0 && result != -ENOENT) return Failed("read map", map, result);
  MapRows rows = NoRows(map);
  AddRow(rows, map, {}, value);
  return rows;
}

// Key by key, for maps that know no batches. A key that goes while we stand on it starts the walk again, so that the
// number of steps is bounded.
Result<MapRows> ReadSingly(const MapHandle& map) {
  MapRows rows = NoRows(map);
  std::vector<std::byte> key(map.spec->key_size);
  std::vector<std::byte> next(map.spec->key_size);
  std::vector<std::byte> value(ValueBytes(map));
  int result = BpfMapNextKey(map.fd, nullptr, next.data());
  for (uint64_t steps = 0; result == 0 && steps < 2ULL * map.spec->max_entries; ++steps) {
    std::swap(key, next);
    const int looked_up = BpfMapLookup(map.fd, key.data(), value.data());
    if (looked_up == 0) {
      AddRow(rows, map, key, value);
    } else if (looked_up != -ENOENT) {
      return Failed("read map", map, looked_up);
    }
    result = BpfMapNextKey(map.fd, key.data(), next.data());
  }
  if (result != 0 && result != -ENOENT) return Failed("read map", map, result);
  return rows;
}

Result<void> StoreKeyless(const MapHandle& map, bool stays_assigned) {
  const size_t bytes = ValueBytes(map);
  std::vector<std::byte> value(bytes);
  const uint32_t key = 0;
  const image::MapSpec& spec = *map.spec;
  if (stays_assigned && spec.present_offset != image::kNone) {
    auto rows = ReadKeyless(map);
    if (!rows) return std::unexpected(rows.error());
    const uint64_t mark = IsPresent(spec, (*rows)[0].value) ? 1 : 0;
    if (spec.present_offset + sizeof(mark) <= bytes) {
      std::memcpy(value.data() + spec.present_offset, &mark, sizeof(mark));
    }
  }
  const int result = BpfMapUpdate(map.fd, &key, value.data(), BPF_ANY);
  if (result != 0) return Failed("write map", map, result);
  return {};
}

}  // namespace

Result<MapRows> ReadMap(const MapHandle& map) {
  if (map.spec->is_keyless) return ReadKeyless(map);
  MapRows rows = NoRows(map);
  BatchWalk walk(map, BPF_MAP_LOOKUP_BATCH);
  while (true) {
    const int result = walk.Next();
    if (IsUnsupported(result) && rows.empty()) return ReadSingly(map);
    if (result != 0 && result != -ENOENT) return Failed("read map", map, result);
    for (uint32_t i = 0; i < walk.count(); ++i) AddRow(rows, map, walk.Key(i), walk.Value(i));
    if (result == -ENOENT) return rows;
  }
}

Result<void> ClearMap(const MapHandle& map) {
  if (map.spec->is_keyless) return StoreKeyless(map, false);
  BatchWalk walk(map, BPF_MAP_LOOKUP_AND_DELETE_BATCH);
  int result = 0;
  while (result == 0) result = walk.Next();
  if (result == -ENOENT) return {};
  if (!IsUnsupported(result)) return Failed("clear map", map, result);
  const auto rows = ReadSingly(map);
  if (!rows) return std::unexpected(rows.error());
  for (const MapRows::Row row : *rows) {
    const int deleted = BpfMapDelete(map.fd, row.key.data());
    if (deleted != 0 && deleted != -ENOENT) return Failed("clear map", map, deleted);
  }
  return {};
}

Result<void> ZeroMap(const MapHandle& map) {
  if (map.spec->is_keyless) return StoreKeyless(map, true);
  const auto rows = ReadMap(map);
  if (!rows) return std::unexpected(rows.error());
  const std::vector<std::byte> zero(ValueBytes(map));
  for (const MapRows::Row row : *rows) {
    // BPF_EXIST: a key that went meanwhile shall not come back.
    const int stored = BpfMapUpdate(map.fd, row.key.data(), zero.data(), BPF_EXIST);
    if (stored != 0 && stored != -ENOENT) return Failed("zero map", map, stored);
  }
  return {};
}

}  // namespace sonde::runtime
