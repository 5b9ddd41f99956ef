#include "output/stack_rows.h"

#include <algorithm>
#include <ranges>

#include "output/map_rows.h"

namespace sonde::output {

using image::ValueKind;
using image::ValueType;

namespace {

bool IsStack(const ValueType& type) { return type.kind == ValueKind::kUserStack || type.kind == ValueKind::kKernelStack; }

// The parts of a key: its elements, or itself.
template <typename Function>
void ForEachPart(const Values& values, const image::MapSpec& map, Bytes key, const Function& function) {
  const ValueType& type = values.type(map.key_type);
  if (type.kind != ValueKind::kTuple) return function(type, key);
  for (const image::ValueField& field : type.fields) {
    function(values.type(field.type), key.empty() ? key : key.subspan(field.offset));
  }
}

// In folded text ';' parts frames and a line is a stack.
std::string Cleaned(std::string name) {
  for (char& c : name) {
    if (c == ';') c = ':';
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return name;
}

std::string NameOf(const image::Frame& frame) {
  if (!frame.name.empty()) return Cleaned(frame.name);
  Buffer text;
  AppendHex(text, frame.address);
  return std::string(text.view());
}

void AddFrames(image::Symbols* symbols, Bytes part, std::vector<std::string>& frames) {
  const auto id = static_cast<image::StackId>(LoadInteger(part.data(), 8, false));
  if (id == image::kNoStack) return;
  const std::span<const image::Frame> known =
      symbols == nullptr ? std::span<const image::Frame>() : symbols->Stack(id);
  if (known.empty()) frames.emplace_back("[lost]");
  for (const image::Frame& frame : known | std::views::reverse) frames.push_back(NameOf(frame));
}

// A process runs from its user stack into the kernel.
std::vector<std::string> FramesOf(Values& values, image::Symbols* symbols, const image::MapSpec& map, Bytes key) {
  std::vector<std::string> frames;
  std::vector<std::string> user;
  std::vector<std::string> kernel;
  ForEachPart(values, map, key, [&](const ValueType& type, Bytes part) {
    if (IsStack(type)) return AddFrames(symbols, part, type.kind == ValueKind::kUserStack ? user : kernel);
    Buffer text;
    values.Append(text, type, part, {});
    frames.push_back(Cleaned(std::string(text.view())));
  });
  std::ranges::move(user, std::back_inserter(frames));
  std::ranges::move(kernel, std::back_inserter(frames));
  return frames;
}

}  // namespace

bool CountsStacks(const Values& values, const image::MapSpec& map) {
  if (map.is_keyless || !HasNumber(values, map)) return false;
  bool has_stack = false;
  ForEachPart(values, map, {}, [&](const ValueType& type, Bytes) { has_stack |= IsStack(type); });
  return has_stack;
}

std::vector<StackRow> StackRows(Values& values, image::Symbols* symbols, const image::MapEvent& event) {
  std::vector<StackRow> rows;
  for (const image::MapRows::Row& row : OrderedRows(values, event)) {
    const MapNumber number = ReadNumber(values, *event.map, row.value).DividedBy(event.div);
    if (number.value == 0 || (number.is_signed && number.value < 0)) continue;
    rows.push_back({FramesOf(values, symbols, *event.map, row.key), static_cast<uint64_t>(number.value)});
  }
  return rows;
}

}  // namespace sonde::output
