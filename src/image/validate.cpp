#include "image/validate.h"

#include <fmt/format.h>

#include <ranges>
#include <vector>

namespace sonde::image {

namespace {

constexpr uint32_t kMaxNesting = 64;
constexpr uint32_t kMaxHistBits = 5;
constexpr int64_t kMaxLhistBuckets = 1 << 20;

bool IsIntegerSize(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

// Sizes of values that stand alone; what they contain is checked by TypeChecker.
bool HasProperSize(const ValueType& type) {
  switch (type.kind) {
    case ValueKind::kBool:
      return type.size == 1;
    case ValueKind::kInt:
    case ValueKind::kEnum:
      return IsIntegerSize(type.size);
    case ValueKind::kPointer:
    case ValueKind::kTailString:
    case ValueKind::kTailBuffer:
    case ValueKind::kTailCall:
    case ValueKind::kFlags:
    case ValueKind::kTimestamp:
    case ValueKind::kCgroupPath:
    case ValueKind::kMacAddress:
    case ValueKind::kKernelStack:
    case ValueKind::kUserStack:
    case ValueKind::kKernelSymbol:
      return type.size == 8;
    case ValueKind::kUserSymbol:
      return type.size == sizeof(UserAddress);
    case ValueKind::kProbe:
    case ValueKind::kUsername:
    case ValueKind::kProcessName:
      return type.size == 4;
    case ValueKind::kInet:
      return type.size == kInetBytes;
    case ValueKind::kFloat:
      return type.size == 4 || type.size == 8;
    case ValueKind::kBuffer:
    case ValueKind::kCall:
      return type.size >= 4;
    case ValueKind::kNone:
    case ValueKind::kString:
    case ValueKind::kArray:
    case ValueKind::kStruct:
    case ValueKind::kTuple:
    case ValueKind::kRecord:
      return true;
  }
  return false;
}

class TypeChecker {
 public:
  explicit TypeChecker(const Image& image) : image_(image), state_(image.types.size(), State::kUnseen) {}

  std::string Check() {
    for (TypeIndex index = 0; index < image_.types.size(); ++index) {
      if (std::string reason = Visit(index, 0); !reason.empty()) return reason;
    }
    return "";
  }

 private:
  enum class State : uint8_t { kUnseen, kOpen, kDone };

  std::string Visit(TypeIndex index, uint32_t depth) {
    if (index >= image_.types.size()) return fmt::format("type {} is not in the table", index);
    if (state_[index] == State::kDone) return "";
    if (state_[index] == State::kOpen) return fmt::format("type {} contains itself", index);
    if (depth > kMaxNesting) return fmt::format("type {} is nested too deeply", index);
    state_[index] = State::kOpen;
    std::string reason = VisitContents(index, depth);
    state_[index] = State::kDone;
    return reason;
  }

  std::string VisitContents(TypeIndex index, uint32_t depth) {
    const ValueType& type = image_.types[index];
    if (!HasProperSize(type)) return fmt::format("type {} has a wrong size", index);
    if (type.kind == ValueKind::kArray) {
      if (std::string reason = Visit(type.element, depth + 1); !reason.empty()) return reason;
      const uint64_t size = uint64_t{type.count} * image_.types[type.element].size;
      if (size > type.size) return fmt::format("the elements of type {} do not fit", index);
      // An element of no size would let a small record print four thousand million of them.
      if (type.count > 0 && size == 0) return fmt::format("the elements of type {} have no size", index);
    }
    for (const ValueField& field : type.fields) {
      if (std::string reason = Visit(field.type, depth + 1); !reason.empty()) return reason;
      if (!Fits(field, type)) return fmt::format("field '{}' of type {} does not fit", field.name, index);
    }
    return "";
  }

  bool Fits(const ValueField& field, const ValueType& type) const {
    uint64_t size = image_.types[field.type].size;
    if (field.bit_width > 0) {
      const ValueKind kind = image_.types[field.type].kind;
      if (kind != ValueKind::kInt && kind != ValueKind::kBool && kind != ValueKind::kEnum) return false;
      if (field.bit_width > 64 || field.bit_offset > 64) return false;
      size = (uint64_t{field.bit_offset} + field.bit_width + 7) / 8;
    }
    return uint64_t{field.offset} + size <= type.size;
  }

  const Image& image_;
  std::vector<State> state_;
};

std::string CheckMap(const Image& image, const MapSpec& map) {
  if (map.role != MapRole::kUser) return "";
  const auto& types = image.types;
  if (map.value_type >= types.size() || map.key_type >= types.size()) {
    return fmt::format("the types of {} are not in the table", map.name);
  }
  if (!map.is_keyless && types[map.key_type].size > map.key_size) return fmt::format("the key of {} is cut", map.name);
  if (map.aggregation == Aggregation::kNone && types[map.value_type].size > map.value_size) {
    return fmt::format("the value of {} is cut", map.name);
  }
  if (map.aggregation == Aggregation::kHist && map.hist_bits > kMaxHistBits) {
    return fmt::format("the histogram of {} is too fine", map.name);
  }
  if (map.aggregation == Aggregation::kTseries &&
      (map.series_interval == 0 || map.series_count * sizeof(SeriesSlot) > map.value_size)) {
    return fmt::format("the intervals of {} do not fit", map.name);
  }
  if (map.aggregation == Aggregation::kLhist && (map.lhist_step <= 0 || map.lhist_min > map.lhist_max)) {
    return fmt::format("the histogram of {} has no buckets", map.name);
  }
  if (map.aggregation == Aggregation::kLhist &&
      (__int128{map.lhist_max} - map.lhist_min) / map.lhist_step > kMaxLhistBuckets) {
    return fmt::format("the histogram of {} has too many buckets", map.name);
  }
  return "";
}

// Each step finds its numbers, and one is left.
bool IsComputable(const Fraction& fraction, const EventSpec& event) {
  uint32_t depth = 0;
  for (const FractionStep& step : fraction) {
    if (step.op > FractionOp::kSelect || depth < Operands(step.op)) return false;
    if (step.op == FractionOp::kSlot && step.slot >= event.slots.size()) return false;
    depth += 1 - Operands(step.op);
  }
  return fraction.empty() || depth == 1;
}

std::string CheckEvent(const Image& image, const EventSpec& event) {
  const auto place = [&] { return fmt::format("{}:{}:{}", event.where.file, event.where.line, event.where.column); };
  if (event.fixed_size < sizeof(RecordHeader)) return fmt::format("the record of {} has no header", place());
  for (const Slot& slot : event.slots) {
    if (slot.type >= image.types.size()) return fmt::format("a slot of {} has no type", place());
    if (uint64_t{slot.offset} + image.types[slot.type].size > event.fixed_size) {
      return fmt::format("a slot of {} lies outside of its record", place());
    }
  }
  const bool is_value = event.kind == EventKind::kPrintValue;
  if (is_value && !event.format.empty() && event.format[0].fraction.empty()) {
    return fmt::format("the value of {} is not there", place());
  }
  for (const FormatStep& step : event.format) {
    for (const uint32_t slot : {step.slot, step.width_slot, step.precision_slot}) {
      if (slot != kNone && slot >= event.slots.size()) return fmt::format("the format of {} has no such slot", place());
    }
    if (!IsComputable(step.fraction, event)) return fmt::format("a fraction of {} cannot be computed", place());
    if (step.conversion != 0 && step.slot == kNone && step.fraction.empty())
      return fmt::format("a conversion of {} has no slot", place());
  }
  if (event.map != kNone && event.map >= image.maps.size()) return fmt::format("the map of {} is unknown", place());
  return "";
}

}  // namespace

std::string Inconsistency(const Image& image) {
  if (std::string reason = TypeChecker(image).Check(); !reason.empty()) return reason;
  for (const MapSpec& map : image.maps) {
    if (std::string reason = CheckMap(image, map); !reason.empty()) return reason;
  }
  for (const EventSpec& event : image.events) {
    if (std::string reason = CheckEvent(image, event); !reason.empty()) return reason;
  }
  for (const AttachGroup& group : image.groups) {
    for (const Attachment& attachment : group.ways | std::views::join) {
      if (attachment.program >= image.programs.size()) return fmt::format("{} has no program", attachment.probe);
    }
  }
  return "";
}

}  // namespace sonde::image
