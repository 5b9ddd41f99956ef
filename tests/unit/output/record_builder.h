// Records, images and captured output for the tests of src/output.
#pragma once

#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "image/event.h"
#include "output/sinks.h"

namespace sonde::output {

using Bytes = std::span<const std::byte>;

inline std::vector<std::byte> ToBytes(const auto&... values) {
  std::vector<std::byte> bytes;
  const auto append = [&](const auto& value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof value);
  };
  (append(values), ...);
  return bytes;
}

// An image with one event, whose slots are added one by one with the bytes of one record.
class OneEvent {
 public:
  explicit OneEvent(image::EventKind kind = image::EventKind::kPrintf) {
    image.types.emplace_back();
    image.events.push_back({.kind = kind, .where = {"x.bt", 3, 5}, .function = "printf"});
    fixed_ = ToBytes(image::RecordHeader{});
  }

  image::EventSpec& spec() { return image.events[0]; }

  image::TypeIndex Type(image::ValueType type) {
    image.types.push_back(std::move(type));
    return static_cast<image::TypeIndex>(image.types.size() - 1);
  }

  OneEvent& Slot(image::ValueType type, std::vector<std::byte> bytes) {
    type.size = static_cast<uint32_t>(bytes.size());
    return TypedSlot(Type(std::move(type)), std::move(bytes));
  }
  OneEvent& TypedSlot(image::TypeIndex type, std::vector<std::byte> bytes) {
    spec().slots.push_back({static_cast<uint32_t>(fixed_.size()), type});
    fixed_.insert(fixed_.end(), bytes.begin(), bytes.end());
    spec().fixed_size = static_cast<uint32_t>(fixed_.size());
    return *this;
  }
  template <std::integral T>
  OneEvent& Int(T value) {
    return Slot({.kind = image::ValueKind::kInt, .is_signed = std::is_signed_v<T>}, ToBytes(value));
  }
  OneEvent& Text(std::string_view text, image::ValueKind kind = image::ValueKind::kTailString) {
    tails_.push_back({fixed_.size(), std::string(text)});
    return Slot({.kind = kind}, ToBytes(image::TailRef{}));
  }
  OneEvent& Inline(std::string_view text, size_t capacity) {
    std::vector<std::byte> bytes(capacity);
    std::memcpy(bytes.data(), text.data(), text.size());
    return Slot({.kind = image::ValueKind::kString}, bytes);
  }

  // Steps for what C writes; the slots are taken in order.
  OneEvent& Format(std::string_view text);

  std::vector<std::byte> Record() const {
    auto record = fixed_;
    for (const Tail& tail : tails_) {
      const image::TailRef ref{static_cast<uint32_t>(record.size()), static_cast<uint32_t>(tail.text.size())};
      std::memcpy(record.data() + tail.offset, &ref, sizeof ref);
      for (const char c : tail.text) record.push_back(static_cast<std::byte>(c));
    }
    return record;
  }

  image::Image image;

 private:
  struct Tail {
    size_t offset;
    std::string text;
  };
  std::vector<std::byte> fixed_;
  std::vector<Tail> tails_;
};

inline OneEvent& OneEvent::Format(std::string_view text) {
  uint32_t slot = 0;
  image::FormatStep step;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c != '%') {
      step.literal += c;
      continue;
    }
    const auto take = [&](std::string_view set) {
      const size_t length = std::min(text.find_first_not_of(set), text.size());
      std::string taken(text.substr(0, length));
      text.remove_prefix(length);
      return taken;
    };
    const auto number = [&](int32_t& fixed, uint32_t& from_slot) {
      if (!take("*").empty()) {
        from_slot = slot++;
      } else if (const std::string digits = take("0123456789"); !digits.empty()) {
        fixed = std::stoi(digits);
      }
    };
    step.flags = take("-+ #0");
    number(step.width, step.width_slot);
    if (!take(".").empty()) {
      step.precision = 0;
      number(step.precision, step.precision_slot);
      if (step.precision_slot != image::kNone) step.precision = -1;
    }
    step.length = take("hlzjt");
    step.conversion = text[0];
    text.remove_prefix(1);
    if (step.conversion == 'r') step.length = take("xh");
    step.slot = slot++;
    spec().format.push_back(step);
    step = {};
  }
  spec().format.push_back(step);
  return *this;
}

// A pipe's write end, and what came out of it.
class Captured {
 public:
  Captured() {
    if (pipe(ends_.data()) != 0) std::abort();
  }
  ~Captured() {
    CloseWrite();
    close(ends_[0]);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  int descriptor() const { return ends_[1]; }
  // Ends the writing.
  std::string Text() {
    CloseWrite();
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = read(ends_[0], part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<size_t>(n));
    return text;
  }

 private:
  void CloseWrite() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  std::array<int, 2> ends_{};
};

struct Outputs {
  std::string data;
  std::string errors;
};

inline int64_t FixedOffset() { return 1'700'000'000'000'000'000; }

// What a sink makes of some events. The text must fit in a pipe.
inline Outputs Show(const image::Image& image, const std::vector<image::Event>& events,
                    std::string_view format = "text", SinkOptions options = {}) {
  Captured data;
  Captured errors;
  options.error_descriptor = errors.descriptor();
  options.realtime_offset = FixedOffset;
  {
    Writer writer(data.descriptor());
    const auto sink = FindSinkKind(format)->make(image, writer, options);
    for (const image::Event& event : events) sink->Emit(event);
    sink->Flush();
  }
  return {data.Text(), errors.Text()};
}

inline Outputs Show(const OneEvent& event, std::string_view format = "text", SinkOptions options = {}) {
  const auto record = event.Record();
  return Show(event.image, {image::RecordEvent{&event.image.events[0], record}}, format, options);
}

}  // namespace sonde::output
