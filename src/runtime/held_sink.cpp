#include "runtime/held_sink.h"

#include <variant>

namespace sonde::runtime {

void HeldSink::Emit(const image::Event& event) {
  if (!holds_) {
    sink_.Emit(event);
    return;
  }
  const auto* record = std::get_if<image::RecordEvent>(&event);
  if (record != nullptr && record->spec->kind == image::EventKind::kError) ++errors_;
  if (held_.size() >= kMaxHeld) return;
  Held& held = held_.emplace_back(event);
  if (record != nullptr) {
    held.record.assign(record->record.begin(), record->record.end());
  }
}

void HeldSink::Release(bool show) {
  holds_ = false;
  for (Held& held : held_) {
    if (!show) break;
    if (auto* record = std::get_if<image::RecordEvent>(&held.event)) record->record = held.record;
    sink_.Emit(held.event);
  }
  held_.clear();
}

}  // namespace sonde::runtime
