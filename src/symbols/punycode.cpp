#include <cstdint>
#include <vector>

#include "symbols/rust_v0.h"

namespace sonde::symbols {
namespace {

// RFC 3492, section 5.
constexpr uint32_t kBase = 36;
constexpr uint32_t kMinThreshold = 1;
constexpr uint32_t kMaxThreshold = 26;
constexpr uint32_t kSkew = 38;
constexpr uint32_t kDamp = 700;
constexpr uint32_t kFirstBias = 72;
constexpr uint32_t kFirstCode = 128;
constexpr uint32_t kLastCode = 0x10ffff;

uint32_t Adapted(uint32_t delta, uint32_t length, bool is_first) {
  delta = is_first ? delta / kDamp : delta / 2;
  delta += delta / length;
  uint32_t k = 0;
  for (; delta > (kBase - kMinThreshold) * kMaxThreshold / 2; k += kBase) delta /= kBase - kMinThreshold;
  return k + (kBase - kMinThreshold + 1) * delta / (delta + kSkew);
}

std::optional<uint32_t> Digit(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '0' && c <= '9') return c - '0' + 26;
  return std::nullopt;
}

void AppendUtf8(std::string& text, uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint8_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kLead[more] | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
}

// A number of digits of falling weight, taken from the front of `text`.
std::optional<uint32_t> Delta(std::string_view& text, uint32_t bias) {
  uint64_t delta = 0;
  uint64_t weight = 1;
  for (uint32_t k = kBase; !text.empty(); k += kBase) {
    const std::optional<uint32_t> digit = Digit(text.front());
    if (!digit) return std::nullopt;
    text.remove_prefix(1);
    delta += *digit * weight;
    if (delta > kLastCode * uint64_t{1024}) return std::nullopt;
    const uint32_t threshold = k <= bias ? kMinThreshold : k >= bias + kMaxThreshold ? kMaxThreshold : k - bias;
    if (*digit < threshold) return static_cast<uint32_t>(delta);
    weight *= kBase - threshold;
    if (weight > UINT32_MAX) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

// Rust writes `_` where the RFC has `-`.
std::optional<std::string> DecodePunycode(std::string_view text) {
  std::vector<uint32_t> codes;
  if (const size_t mark = text.rfind('_'); mark != std::string_view::npos) {
    for (const char c : text.substr(0, mark)) codes.push_back(static_cast<unsigned char>(c));
    text.remove_prefix(mark + 1);
  }
  uint32_t code = kFirstCode;
  uint32_t bias = kFirstBias;
  uint32_t at = 0;
  for (bool is_first = true; !text.empty(); is_first = false) {
    const std::optional<uint32_t> delta = Delta(text, bias);
    if (!delta) return std::nullopt;
    at += *delta;
    const auto length = static_cast<uint32_t>(codes.size() + 1);
    bias = Adapted(*delta, length, is_first);
    code += at / length;
    at %= length;
    if (code > kLastCode) return std::nullopt;
    codes.insert(codes.begin() + at++, code);
  }
  std::string out;
  for (const uint32_t c : codes) AppendUtf8(out, c);
  return out;
}

}  // namespace sonde::symbols
