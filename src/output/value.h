// Values as text: the one place that knows how bytes of a ValueType look, for printf, print, map keys and values,
// tuples and structs alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "image/address_names.h"
#include "image/image.h"
#include "output/buffer.h"
#include "output/cgroups.h"
#include "output/clock.h"

namespace sonde::output {

using Bytes = std::span<const std::byte>;

// 1, 2, 4 or 8 bytes, extended by their sign. The caller vouches for `size` bytes at `data`.
inline int64_t LoadInteger(const std::byte* data, uint32_t size, bool is_signed) {
  const auto load = [data]<typename T>(T value) {
    std::memcpy(&value, data, sizeof value);
    return static_cast<int64_t>(value);
  };
  switch (size) {
    case 1:
      return is_signed ? load(int8_t{}) : load(uint8_t{});
    case 2:
      return is_signed ? load(int16_t{}) : load(uint16_t{});
    case 4:
      return is_signed ? load(int32_t{}) : load(uint32_t{});
    case 8:
      return load(int64_t{});
    default:
      return 0;
  }
}

void AppendSigned(Buffer& out, int64_t value);
void AppendUnsigned(Buffer& out, uint64_t value);
void AppendInteger(Buffer& out, int64_t value, bool is_signed);
void AppendHex(Buffer& out, uint64_t value);

// Text of a traced process; its control characters as \x1b where a terminal would obey them.
void AppendText(Buffer& out, std::string_view text, bool escape);

// How a buffer's bytes are shown: all of them as \x0a, all as 0a with blanks between, or only those that are no
// printable ASCII.
enum class BufferStyle { kMixed, kEscaped, kHex };
void AppendBytes(Buffer& out, std::string_view bytes, BufferStyle style);

// Of the bytes that ValueKind tells.
void AppendMacAddress(Buffer& out, Bytes address);
void AppendInet(Buffer& out, Bytes address);

// A bitfield's bytes, moved to where they would lie were it none.
struct BitfieldBytes {
  std::byte bytes[8] = {};
};
BitfieldBytes ExtractBitfield(Bytes value, const image::ValueField& field, const image::ValueType& type);

class Values {
 public:
  // The image must be consistent (image::Inconsistency), and live as long as this does.
  Values(const image::Image& image, bool escape, Clock::OffsetFunction offset, image::Symbols* symbols = nullptr)
      : image_(image), escape_(escape), clock_(offset), symbols_(symbols) {}

  const image::Image& image() const { return image_; }
  const image::ValueType& type(image::TypeIndex index) const { return image_.types[index]; }
  bool escape() const { return escape_; }
  Clock& clock() { return clock_; }

  // As print() shows it. `value` has at least `type.size` bytes; `record` is what its TailRefs point into, empty where
  // there is none. False when a TailRef points outside: the text is then incomplete, and the record bad.
  bool Append(Buffer& out, const image::ValueType& type, Bytes value, Bytes record);

  // The bytes of a string or buffer as they came; nothing when a TailRef points outside of the record.
  std::optional<std::string_view> Raw(const image::ValueType& type, Bytes value, Bytes record) const;
  // What is printed behind a text that was cut to max_strlen; empty for one that was not.
  std::string_view Trailer(const image::ValueType& type, std::string_view text) const;
  // The name of an enumerator; empty when the value has none.
  std::string_view EnumeratorName(const image::ValueType& type, int64_t value) const;
  std::string_view ProbeName(uint32_t probe) const;
  std::string_view UserName(uint32_t uid);
  // Of a process now; empty when it has ended.
  static std::string ProcessName(uint32_t pid);

  // The value of one field, with bitfields moved into `storage`.
  Bytes FieldBytes(const image::ValueField& field, Bytes value, BitfieldBytes& storage) const;

  // The fields of a tuple without its parentheses, as the key of a map shows them.
  bool AppendFields(Buffer& out, const image::ValueType& type, Bytes value, Bytes record, std::string_view separator);
  // A map's key between its brackets.
  void AppendKey(Buffer& out, const image::MapSpec& map, Bytes key, std::string_view separator);

 private:
  static constexpr uint32_t kStackIndent = 8;
  static constexpr uint32_t kKeyStackIndent = 4;

  void AppendStack(Buffer& out, const image::ValueType& type, image::StackId id);
  void AppendFrame(Buffer& out, const image::ValueType& type, const image::Frame& frame);
  void AppendSymbol(Buffer& out, const image::Frame* frame, uint64_t address);
  bool AppendArray(Buffer& out, const image::ValueType& type, Bytes value, Bytes record);
  bool AppendStruct(Buffer& out, const image::ValueType& type, Bytes value, Bytes record);

  const image::Image& image_;
  bool escape_;
  Clock clock_;
  Cgroups cgroups_;
  image::Symbols* symbols_;
  uint32_t stack_indent_ = kStackIndent;
  std::unordered_map<uint32_t, std::string> user_names_;  // asked once each: that may read files or ask a server
};

}  // namespace sonde::output
