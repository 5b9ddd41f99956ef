#include "runtime/dispatcher.h"

#include <cstring>
#include <utility>

#include "runtime/merge.h"

namespace sonde::runtime {
namespace {

template <typename T>
T Read(std::span<const std::byte> record, size_t offset) {
  T value;
  std::memcpy(&value, record.data() + offset, sizeof(T));
  return value;
}

}  // namespace

Dispatcher::Dispatcher(const image::Image& image, std::vector<MapHandle> maps, image::Sink& sink)
    : image_(image), maps_(std::move(maps)), sink_(sink), zeroed_(maps_.size()) {
  for (const image::EventSpec& event : image.events) {
    std::vector<uint32_t>& offsets = tail_slots_.emplace_back();
    for (const image::Slot& slot : event.slots) {
      const image::ValueKind kind = image.types.at(slot.type).kind;
      if (kind == image::ValueKind::kTailString || kind == image::ValueKind::kTailBuffer ||
          kind == image::ValueKind::kTailCall) {
        offsets.push_back(slot.offset);
      }
    }
  }
}

void Dispatcher::Handle(std::span<const std::byte> record) {
  if (record.size() >= sizeof(image::RecordHeader)) {
    const auto header = Read<image::RecordHeader>(record, 0);
    if (header.event_id < image_.events.size() && IsWellFormed(image_.events[header.event_id], record)) {
      Act(image_.events[header.event_id], record);
      return;
    }
  }
  ++malformed_;
}

bool Dispatcher::IsWellFormed(const image::EventSpec& spec, std::span<const std::byte> record) const {
  if (record.size() < spec.fixed_size) return false;
  for (const uint32_t offset : tail_slots_[static_cast<size_t>(&spec - image_.events.data())]) {
    if (offset + sizeof(image::TailRef) > record.size()) return false;
    const auto tail = Read<image::TailRef>(record, offset);
    if (static_cast<uint64_t>(tail.offset) + tail.length > record.size()) return false;
  }
  return true;
}

void Dispatcher::Act(const image::EventSpec& spec, std::span<const std::byte> record) {
  switch (spec.kind) {
    case image::EventKind::kPrintf:
    case image::EventKind::kPrintValue:
    case image::EventKind::kTime:
    case image::EventKind::kJoin:
    case image::EventKind::kError:
    case image::EventKind::kWarning:
    case image::EventKind::kCat:
    case image::EventKind::kSystem:
    case image::EventKind::kPacket:
      sink_.Emit(image::RecordEvent{.spec = &spec, .record = record});
      return;
    case image::EventKind::kPrintMap:
      Print(maps_.at(spec.map), &spec);
      return;
    case image::EventKind::kClearMap:
      Remember(ClearMap(maps_.at(spec.map)));
      zeroed_[spec.map] = false;
      return;
    case image::EventKind::kZeroMap:
      Remember(ZeroMap(maps_.at(spec.map)));
      zeroed_[spec.map] = true;
      return;
    case image::EventKind::kExit:
      exit_requested_ = true;
      return;
  }
}

// `print` null: at exit, where nothing is said of a map that was never filled.
void Dispatcher::Print(const MapHandle& map, const image::EventSpec* print) {
  auto rows = ReadMap(map);
  if (!rows) {
    Remember(std::unexpected(rows.error()));
    return;
  }
  const bool was_zeroed = zeroed_[static_cast<size_t>(&map - maps_.data())];
  if (map.spec->is_keyless && !was_zeroed && !IsPresent(*map.spec, (*rows)[0].value)) rows->Clear();
  if (rows->empty() && print == nullptr) return;
  image::MapEvent event{.map = map.spec, .rows = std::move(*rows), .at_exit = print == nullptr};
  if (print != nullptr) {
    event.top = print->top;
    event.div = print->div;
  }
  sink_.Emit(event);
}

void Dispatcher::PrintMapsAtExit() {
  for (const MapHandle& map : maps_) {
    if (map.spec->role == image::MapRole::kUser && map.spec->print_at_exit) Print(map, nullptr);
  }
}

std::vector<image::MapEvent> Dispatcher::Snapshot() const {
  std::vector<image::MapEvent> events;
  for (const MapHandle& map : maps_) {
    if (map.spec->role != image::MapRole::kUser) continue;
    auto rows = ReadMap(map);
    if (rows) events.push_back({.map = map.spec, .rows = std::move(*rows), .top = 0, .div = 0, .at_exit = false});
  }
  return events;
}

void Dispatcher::Remember(const Result<void>& result) {
  if (!result && !error_) error_ = result.error();
}

}  // namespace sonde::runtime
