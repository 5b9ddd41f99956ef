#include "kernel/usdt.h"

#include <charconv>
#include <cstring>
#include <span>

#include "kernel/pt_regs.h"

namespace sonde::kernel {
namespace {

constexpr uint32_t kNoteType = 3;  // NT_STAPSDT

// The texts at the end of a note, one behind the other.
std::string_view TakeText(std::span<const uint8_t>& rest) {
  const std::string_view all(reinterpret_cast<const char*>(rest.data()), rest.size());
  const std::string_view text = all.substr(0, all.find('\0'));
  rest = rest.subspan(std::min(rest.size(), text.size() + 1));
  return text;
}

// An integer in decimal, hexadecimal or octal at the text's start, as the assembler reads it; taken off.
std::optional<int64_t> TakeInteger(std::string_view& text) {
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  int base = 10;
  if (rest.starts_with("0x") || rest.starts_with("0X")) {
    base = 16;
    rest.remove_prefix(2);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  text = rest.substr(static_cast<size_t>(end - rest.data()));
  return static_cast<int64_t>(is_negative ? 0 - value : value);
}

bool IsSymbolCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
}

// A sum of numbers and at most one symbol, as in "-4+counters.1+16".
struct Sum {
  int64_t number = 0;
  std::string_view symbol;
};

std::optional<Sum> ParseSum(std::string_view text) {
  Sum sum;
  while (!text.empty()) {
    if (const auto number = TakeInteger(text)) {
      sum.number += *number;
      continue;
    }
    if (text.starts_with('+')) text.remove_prefix(1);
    size_t length = 0;
    while (length < text.size() && IsSymbolCharacter(text[length])) ++length;
    if (length == 0 || !sum.symbol.empty()) return std::nullopt;
    sum.symbol = text.substr(0, length);
    text.remove_prefix(length);
  }
  return sum;
}

class OperandParser {
 public:
  OperandParser(std::string_view text, const UsdtContext& context) : text_(text), context_(context) {}

  UserLocation Parse() {
    if (text_.starts_with('$')) {
      Displace(text_.substr(1), context_.is_fixed);
    } else if (text_.starts_with('%') && text_.find(':') != std::string_view::npos) {
      location_.problem = "it lies in memory of its thread alone (" + std::string(text_) + ")";
    } else if (text_.starts_with('%')) {
      if (const auto part = RegisterOf(text_)) {
        location_.base = static_cast<int32_t>(part->offset);
        location_.shift = part->shift;
        location_.register_size = part->size;
      }
    } else {
      ParseMemory();
    }
    return std::move(location_);
  }

 private:
  void Unreadable() {
    if (location_.problem.empty()) location_.problem = "its place '" + std::string(text_) + "' is of no known form";
  }

  std::optional<RegisterPart> RegisterOf(std::string_view name) {
    if (!name.starts_with('%')) {
      Unreadable();
      return std::nullopt;
    }
    name.remove_prefix(1);
    const std::optional<RegisterPart> part = RegisterByAssemblyName(name);
    if (part) return part;
    const bool is_vector = name.find("mm") != std::string_view::npos || name.starts_with("st");
    location_.problem = is_vector ? "it lies in the register " + std::string(name) +
                                        ", and the kernel hands over no registers of floating point"
                                  : "there is no register '" + std::string(name) + "'";
    return std::nullopt;
  }

  // Adds "symbol+8", where addresses are counted from the instruction unless the file has them as they are.
  void Displace(std::string_view text, bool is_absolute) {
    const std::optional<Sum> sum = ParseSum(text);
    if (!sum) return Unreadable();
    location_.displacement += sum->number;
    if (sum->symbol.empty()) return;
    const std::optional<uint64_t> address = context_.find_symbol(sum->symbol);
    if (!address) {
      location_.problem = "the file does not say where '" + std::string(sum->symbol) + "' lies";
      return;
    }
    location_.displacement += static_cast<int64_t>(*address);
    if (is_absolute) return;
    location_.base = kRegisterIp;
    location_.displacement -= static_cast<int64_t>(context_.address);
  }

  // disp(base,index,scale)
  void ParseMemory() {
    location_.is_memory = true;
    const size_t open = text_.find('(');
    const std::string_view before = text_.substr(0, open);
    if (open == std::string_view::npos) return Displace(before, context_.is_fixed);
    if (!text_.ends_with(')')) return Unreadable();
    std::string_view inside = text_.substr(open + 1, text_.size() - open - 2);
    if (inside == "%rip") {
      const bool has_symbol = before.find_first_not_of("+-0123456789") != std::string_view::npos;
      Displace(before, false);
      if (has_symbol) return;
      location_.base = kRegisterIp;
      location_.displacement += 1;  // counted from the next instruction, behind a nop
      return;
    }
    Displace(before, true);
    const size_t comma = inside.find(',');
    const std::string_view base = inside.substr(0, comma);
    if (!base.empty()) SetRegister(base, location_.base);
    if (comma == std::string_view::npos) return;
    inside.remove_prefix(comma + 1);
    const size_t second = inside.find(',');
    SetRegister(inside.substr(0, second), location_.index);
    if (second == std::string_view::npos) return;
    inside.remove_prefix(second + 1);
    const std::optional<int64_t> scale = TakeInteger(inside);
    if (!scale || !inside.empty()) return Unreadable();
    location_.scale = static_cast<uint32_t>(*scale);
  }

  void SetRegister(std::string_view name, int32_t& target) {
    const std::optional<RegisterPart> part = RegisterOf(name);
    if (!part) return;
    if (part->size != 8) Unreadable();
    target = static_cast<int32_t>(part->offset);
  }

  std::string_view text_;
  const UsdtContext& context_;
  UserLocation location_;
};

}  // namespace

std::vector<UsdtPlace> ReadUsdtPlaces(const ElfFile& file) {
  std::vector<UsdtPlace> places;
  // Where the section lies now, against where the note thinks that it lies: prelinking moves files.
  const std::optional<ElfSection> base = file.Section(".stapsdt.base");
  file.VisitNotes(".note.stapsdt", [&](const ElfNote& note) {
    uint64_t words[3];
    if (note.name != "stapsdt" || note.type != kNoteType || note.description.size() < sizeof(words)) return;
    std::memcpy(words, note.description.data(), sizeof(words));
    std::span<const uint8_t> rest = note.description.subspan(sizeof(words));
    const uint64_t moved = base && words[1] != 0 ? base->address - words[1] : 0;
    UsdtPlace place{.address = words[0] + moved, .semaphore = words[2] == 0 ? 0 : words[2] + moved};
    place.provider = TakeText(rest);
    place.name = TakeText(rest);
    place.arguments = TakeText(rest);
    if (!place.name.empty()) places.push_back(std::move(place));
  });
  return places;
}

UsdtArgument ParseUsdtArgument(std::string_view text, const UsdtContext& context) {
  UsdtArgument argument;
  const size_t at = text.find('@');
  std::string_view operand = text;
  bool has_size = false;
  if (at != std::string_view::npos) {
    std::string_view head = text.substr(0, at);
    operand = text.substr(at + 1);
    const std::optional<int64_t> size = TakeInteger(head);
    argument.is_float = head == "f";
    has_size = size.has_value();
    argument.is_signed = has_size && *size < 0;
    argument.size = has_size ? static_cast<uint32_t>(*size < 0 ? -*size : *size) : 0;
    const bool is_known = argument.size == 1 || argument.size == 2 || argument.size == 4 || argument.size == 8;
    if (!is_known || (!head.empty() && !argument.is_float)) {
      argument.size = 8;
      argument.location.problem = "its size '" + std::string(text.substr(0, at)) + "' is of no known form";
      return argument;
    }
  }
  argument.location = OperandParser(operand, context).Parse();
  if (!has_size) argument.size = argument.location.register_size;
  if (argument.is_float && argument.location.problem.empty()) {
    argument.location.problem = "it is a number with a fraction";
  }
  return argument;
}

std::vector<UsdtArgument> ParseUsdtArguments(std::string_view texts, const UsdtContext& context) {
  std::vector<UsdtArgument> arguments;
  while (!texts.empty()) {
    const size_t blank = texts.find(' ');
    const std::string_view text = texts.substr(0, blank);
    texts.remove_prefix(blank == std::string_view::npos ? texts.size() : blank + 1);
    if (!text.empty()) arguments.push_back(ParseUsdtArgument(text, context));
  }
  return arguments;
}

}  // namespace sonde::kernel
