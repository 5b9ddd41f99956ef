#include "output/records.h"

#include "output/fraction.h"

namespace sonde::output {

using image::EventKind;
using image::EventSpec;

Records::Records(const image::Image& image, bool escape, const SinkOptions& options)
    : values_(image, escape, options.realtime_offset, options.symbols) {
  formats_.reserve(image.events.size());
  for (const EventSpec& spec : image.events) formats_.emplace_back(values_, spec);
}

const EventSpec* Records::Identify(Bytes record) const {
  image::RecordHeader header;
  if (record.size() < sizeof header) return nullptr;
  std::memcpy(&header, record.data(), sizeof header);
  const auto& events = values_.image().events;
  if (header.event_id >= events.size() || record.size() < events[header.event_id].fixed_size) return nullptr;
  return &events[header.event_id];
}

bool Records::AppendText(Buffer& out, const EventSpec& spec, Bytes record) {
  const size_t mark = out.size();
  const bool is_whole = AppendIncomplete(out, spec, record);
  if (!is_whole) out.Truncate(mark);
  return is_whole;
}

bool Records::AppendIncomplete(Buffer& out, const EventSpec& spec, Bytes record) {
  switch (spec.kind) {
    case EventKind::kPrintf:
    case EventKind::kError:
    case EventKind::kWarning:
    case EventKind::kCat:
    case EventKind::kSystem:
      return formats_[static_cast<size_t>(&spec - values_.image().events.data())].Append(out, values_, record);
    case EventKind::kTime: {
      if (spec.slots.empty()) return false;
      const image::Slot& slot = spec.slots[0];
      const int64_t ns = LoadInteger(record.data() + slot.offset, values_.type(slot.type).size, false);
      values_.clock().Append(out, spec.text.empty() ? "%H:%M:%S\n" : std::string_view(spec.text),
                             static_cast<uint64_t>(ns));
      return true;
    }
    case EventKind::kJoin:
    case EventKind::kPrintValue:
      return AppendValue(out, spec, record);
    case EventKind::kPacket:
    case EventKind::kPrintMap:
    case EventKind::kClearMap:
    case EventKind::kZeroMap:
    case EventKind::kExit:
      return false;  // the runtime resolves these
  }
  return false;
}

int Records::WritePacket(const EventSpec& spec, Bytes record) {
  if (spec.slots.size() < 3) return 0;
  const auto number = [&](const image::Slot& slot) { return LoadInteger(record.data() + slot.offset, 8, false); };
  const image::Slot& slot = spec.slots[2];
  const auto bytes = values_.Raw(values_.type(slot.type), record.subspan(slot.offset), record);
  if (!bytes) return 0;
  const int64_t time = values_.clock().Realtime(static_cast<uint64_t>(number(spec.slots[0])));
  return captures_.Write(spec.text, time, static_cast<uint64_t>(number(spec.slots[1])), *bytes);
}

bool Records::AppendValue(Buffer& out, const EventSpec& spec, Bytes record) {
  if (!spec.format.empty()) {
    return AppendFraction(out, Compute(spec.format[0].fraction, spec, values_, record)), true;
  }
  if (spec.slots.empty()) return false;
  const size_t mark = out.size();
  const image::Slot& slot = spec.slots[0];
  const bool is_whole = values_.Append(out, values_.type(slot.type), record.subspan(slot.offset), record);
  if (!is_whole) out.Truncate(mark);
  return is_whole;
}

}  // namespace sonde::output
