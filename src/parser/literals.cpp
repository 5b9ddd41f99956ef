#include "parser/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sonde::parser {
namespace {

constexpr std::string_view kTooLarge = "the number {} does not fit into 64 bits";

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

constexpr std::string_view kSuffixes[] = {"u", "l", "ul", "lu", "ll", "ull", "llu"};

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

std::string Shown(std::string_view spelling) {
  constexpr size_t kMaxShown = 40;
  if (spelling.size() <= kMaxShown) return fmt::format("'{}'", spelling);
  return fmt::format("'{}…'", spelling.substr(0, kMaxShown));
}

bool Multiply(uint64_t& value, uint64_t factor) { return !__builtin_mul_overflow(value, factor, &value); }

// Reads digits and underscores of `base` from the front of `rest`. Returns false when the value overflows.
bool ReadDigits(std::string_view& rest, int base, uint64_t& value, size_t& count) {
  bool fits = true;
  while (!rest.empty() && (rest[0] == '_' || DigitValue(rest[0]) < base)) {
    if (rest[0] != '_') {
      fits = fits && Multiply(value, base) && !__builtin_add_overflow(value, DigitValue(rest[0]), &value);
      ++count;
    }
    rest.remove_prefix(1);
  }
  return fits;
}

// `e6` at the front of `rest` multiplies by a million.
bool ApplyExponent(std::string_view rest, uint64_t& value) {
  unsigned exponent = 0;
  auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), exponent);
  if (error != std::errc()) return false;
  for (unsigned i = 0; i < exponent && value != 0; ++i) {
    if (!Multiply(value, 10)) return false;
  }
  return true;
}

bool IsExponent(std::string_view rest) {
  return rest.size() >= 2 && (rest[0] == 'e' || rest[0] == 'E') &&
         std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsSuffix(std::string_view rest) {
  std::string lower(rest);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::ranges::find(kSuffixes, lower) != std::end(kSuffixes);
}

int BaseOf(std::string_view& rest) {
  if (rest.size() < 2 || rest[0] != '0') return 10;
  if (rest[1] == 'x' || rest[1] == 'X') return rest.remove_prefix(2), 16;
  if (rest[1] == 'b' || rest[1] == 'B') return rest.remove_prefix(2), 2;
  // `0s`, `0u`, `0e3` are decimal; `08` is a mistake in an octal number.
  if (rest[1] == '_' || DigitValue(rest[1]) < 10) return rest.remove_prefix(1), 8;
  return 10;
}

}  // namespace

std::expected<uint64_t, std::string> ParseInteger(std::string_view spelling) {
  std::string_view rest = spelling;
  int base = BaseOf(rest);
  uint64_t value = 0;
  size_t count = base == 8 ? 1 : 0;
  bool fits = ReadDigits(rest, base, value, count);
  if (count == 0) return std::unexpected(fmt::format("{} is not a number: it has no digits", Shown(spelling)));
  if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
    return std::unexpected(
        fmt::format("'{}' is not a digit of {}, a number to base {}", rest[0], Shown(spelling), base));
  }
  if (rest.empty() || IsSuffix(rest)) {
    if (!fits) return std::unexpected(fmt::format(kTooLarge, Shown(spelling)));
    return value;
  }
  if (base == 10 && IsExponent(rest)) {
    if (!fits || !ApplyExponent(rest, value)) return std::unexpected(fmt::format(kTooLarge, Shown(spelling)));
    return value;
  }
  const Unit* unit = base == 10 ? std::ranges::find(kUnits, rest, &Unit::name) : std::end(kUnits);
  if (unit == std::end(kUnits)) {
    return std::unexpected(fmt::format("{} is not a number: '{}' is neither a suffix nor a unit of time",
                                       Shown(spelling), rest.substr(0, 20)));
  }
  if (!fits || !Multiply(value, unit->nanoseconds)) {
    return std::unexpected(fmt::format("the duration {} does not fit into 64 bits of nanoseconds", Shown(spelling)));
  }
  return value;
}

bool IsFloat(std::string_view spelling) {
  size_t i = 0;
  auto digits = [&] {
    size_t start = i;
    while (i < spelling.size() && (spelling[i] == '_' || (spelling[i] >= '0' && spelling[i] <= '9'))) ++i;
    return i > start;
  };
  if (!digits()) return false;
  if (i < spelling.size() && spelling[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i == spelling.size()) return true;
  if (spelling[i] != 'e' && spelling[i] != 'E') return false;
  ++i;
  if (i < spelling.size() && (spelling[i] == '-' || spelling[i] == '+')) ++i;
  return digits() && i == spelling.size();
}

double ParseFloat(std::string_view spelling) {
  std::string digits(spelling);
  std::erase(digits, '_');
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace sonde::parser
