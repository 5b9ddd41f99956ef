#include "image/image.h"

#include <bit>
#include <concepts>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "image/fields.h"
#include "image/names.h"
#include "image/validate.h"

namespace sonde::image {

namespace {

// The file: magic, version, then Fields(Image). Integers are little-endian at their own size, lengths of strings and
// vectors uint32, a variant is its index and the alternative.
constexpr std::string_view kMagic{"\x7fSONDE\r\n", 8};  // the line end shows a copy in text mode

class Output {
 public:
  explicit Output(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }

 private:
  template <typename T>
    requires std::is_class_v<T>
  void Put(const T& value) {
    Fields(*this, value);
  }

  void Put(bool value) { bytes_.push_back(static_cast<std::byte>(value)); }

  template <std::integral T>
  void Put(T value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<std::byte>(bits >> (8 * i)));
  }

  void Put(double value) { Put(std::bit_cast<uint64_t>(value)); }

  template <typename T>
    requires std::is_enum_v<T>
  void Put(T value) {
    Put(std::to_underlying(value));
  }

  void PutBytes(const void* data, size_t size) {
    Put(static_cast<uint32_t>(size));
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  void Put(const std::string& text) { PutBytes(text.data(), text.size()); }
  void Put(const std::vector<std::byte>& bytes) { PutBytes(bytes.data(), bytes.size()); }

  template <typename T>
  void Put(const std::vector<T>& values) {
    Put(static_cast<uint32_t>(values.size()));
    for (const T& value : values) Put(value);
  }

  template <typename... T>
  void Put(const std::variant<T...>& value) {
    Put(static_cast<uint8_t>(value.index()));
    std::visit([this](const auto& alternative) { this->Put(alternative); }, value);
  }

  std::vector<std::byte>& bytes_;
};

// Reads what Output wrote. The bytes may be anything: after the first thing that does not fit, nothing more is read and
// failure() tells what it was.
class Input {
 public:
  explicit Input(std::span<const std::byte> rest) : rest_(rest) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }

  size_t remaining() const { return rest_.size(); }
  const std::string& failure() const { return failure_; }

 private:
  void Fail(std::string_view reason) {
    if (failure_.empty()) failure_ = reason;
    rest_ = {};
  }

  template <typename T>
    requires std::is_class_v<T>
  void Get(T& value) {
    Fields(*this, value);
  }

  template <std::integral T>
  void Get(T& value) {
    if (rest_.size() < sizeof(T)) return Fail("it is truncated");
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(T); ++i) bits |= std::to_integer<uint64_t>(rest_[i]) << (8 * i);
    rest_ = rest_.subspan(sizeof(T));
    value = static_cast<T>(bits);
  }

  void Get(bool& value) {
    uint8_t byte = 0;
    Get(byte);
    if (byte > 1) return Fail("a flag is neither 0 nor 1");
    value = byte == 1;
  }

  void Get(double& value) {
    uint64_t bits = 0;
    Get(bits);
    value = std::bit_cast<double>(bits);
  }

  template <typename T>
    requires std::is_enum_v<T>
  void Get(T& value) {
    std::underlying_type_t<T> number = 0;
    Get(number);
    if (Name(static_cast<T>(number)).empty()) return Fail("an enumerator is unknown");
    value = static_cast<T>(number);
  }

  std::span<const std::byte> GetBytes() {
    uint32_t size = 0;
    Get(size);
    if (size > rest_.size()) Fail("it is truncated");
    if (!failure_.empty()) return {};
    const auto bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  void Get(std::string& text) {
    const auto bytes = GetBytes();
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void Get(std::vector<std::byte>& value) {
    const auto bytes = GetBytes();
    value.assign(bytes.begin(), bytes.end());
  }

  // Grows with the elements that are really there: a count alone must not make us allocate.
  template <typename T>
  void Get(std::vector<T>& values) {
    uint32_t count = 0;
    Get(count);
    if (count > rest_.size()) return Fail("it is truncated");
    values.clear();
    for (uint32_t i = 0; i < count && failure_.empty(); ++i) Get(values.emplace_back());
  }

  template <typename... T>
  void Get(std::variant<T...>& value) {
    uint8_t index = 0;
    Get(index);
    if (index >= sizeof...(T)) return Fail("an attach plan is unknown");
    GetAlternative(value, index, std::index_sequence_for<T...>{});
  }

  template <typename Variant, size_t... kIndex>
  void GetAlternative(Variant& value, size_t index, std::index_sequence<kIndex...> /*all*/) {
    ((kIndex == index ? Get(value.template emplace<kIndex>()) : void()), ...);
  }

  std::span<const std::byte> rest_;
  std::string failure_;
};

std::unexpected<Error> NotReadable(std::string reason, std::string remedy = "") {
  return std::unexpected(Error{
      .operation = "read", .object = "compiled script", .reason = std::move(reason), .remedy = std::move(remedy)});
}

}  // namespace

std::vector<std::byte> Write(const Image& image) {
  std::vector<std::byte> bytes;
  bytes.reserve(image.elf.size() + 4096);
  for (const char c : kMagic) bytes.push_back(static_cast<std::byte>(c));
  Output output(bytes);
  output(kVersion);
  Fields(output, image);
  return bytes;
}

Result<Image> Read(const std::vector<std::byte>& bytes) {
  if (bytes.size() < kMagic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return NotReadable("it is no compiled script");
  }
  Input input{std::span<const std::byte>(bytes).subspan(kMagic.size())};
  Image image;
  input(image.version);
  if (input.failure().empty() && image.version != kVersion) {
    return NotReadable(
        "it has format " + std::to_string(image.version) + ", this program reads format " + std::to_string(kVersion),
        "build it again with this version");
  }
  Fields(input, image);
  if (!input.failure().empty()) return NotReadable(input.failure());
  if (input.remaining() > 0) return NotReadable("more follows after its end");
  if (std::string reason = Inconsistency(image); !reason.empty()) return NotReadable(std::move(reason));
  return image;
}

}  // namespace sonde::image
