#include "builtins/format.h"

#include <fmt/format.h>

#include <charconv>

namespace sonde::builtins {
namespace {

using sema::TypeKind;

constexpr std::string_view kFlags = "-+ #0";
constexpr std::string_view kConversions = "diuxXopcsrfFeEgGaA";
constexpr int32_t kMaxWidth = 4096;

// A number, or `*`, which takes a slot.
struct Extent {
  int32_t value = -1;
  uint32_t slot = kNoSlot;
};

class FormatParser {
 public:
  explicit FormatParser(std::string_view text) : text_(text) {}

  ParsedFormat Run() {
    FormatStep step;
    while (at_ < text_.size() && format_.error.empty()) {
      char c = text_[at_++];
      if (c != '%') {
        step.literal += c;
      } else if (at_ < text_.size() && text_[at_] == '%') {
        step.literal += '%';
        ++at_;
      } else {
        Conversion(step);
        format_.steps.push_back(std::move(step));
        step = {};
      }
    }
    if (!step.literal.empty()) format_.steps.push_back(std::move(step));
    return std::move(format_);
  }

 private:
  Extent Number() {
    if (at_ < text_.size() && text_[at_] == '*') {
      ++at_;
      return {-1, format_.slots++};
    }
    Extent extent;
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), extent.value);
    at_ = static_cast<size_t>(end - text_.data());
    if (error == std::errc::result_out_of_range || extent.value > kMaxWidth) {
      format_.error = fmt::format("a width or precision above {}", kMaxWidth);
    }
    return extent;
  }

  void Conversion(FormatStep& step) {
    size_t start = at_ - 1;
    while (at_ < text_.size() && kFlags.find(text_[at_]) != std::string_view::npos) step.flags += text_[at_++];
    Extent width = Number();
    step.width = width.value;
    step.width_slot = width.slot;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      Extent precision = Number();
      step.precision = precision.value == -1 && precision.slot == kNoSlot ? 0 : precision.value;
      step.precision_slot = precision.slot;
    }
    while (at_ < text_.size() && std::string_view("hlzjtL").find(text_[at_]) != std::string_view::npos) {
      step.length += text_[at_++];
    }
    if (at_ >= text_.size()) {
      format_.error = fmt::format("'{}' at the end of the format has no conversion", text_.substr(start));
      return;
    }
    step.conversion = text_[at_++];
    if (kConversions.find(step.conversion) == std::string_view::npos) {
      format_.error = fmt::format("'{}' is not a conversion that printf knows", text_.substr(start, at_ - start));
      return;
    }
    if (step.conversion == 'r' && at_ < text_.size() && (text_[at_] == 'x' || text_[at_] == 'h')) {
      step.length = text_[at_++];
    }
    step.slot = format_.slots++;
  }

  std::string_view text_;
  size_t at_ = 0;
  ParsedFormat format_;
};

}  // namespace

bool IsFractional(char conversion) { return std::string_view("fFeEgGaA").find(conversion) != std::string_view::npos; }

ParsedFormat ParseFormat(std::string_view text) { return FormatParser(text).Run(); }

std::string ConversionProblem(const FormatStep& step, const sema::Type& type) {
  auto expects = [&](std::string_view wanted) {
    return fmt::format("%{} prints {}, but this is {}", step.conversion, wanted, sema::Name(type));
  };
  switch (step.conversion) {
    case 's':
      if (type.IsPointer()) return expects("text") + "; str() reads the text behind a pointer";
      if (type.kind == TypeKind::kVoid || type.kind == TypeKind::kAggregate) return expects("a value");
      return "";
    case 'r':
      return type.IsArray() || type.IsString() || type.IsBuffer() ? "" : expects("bytes");
    case 'p':
      return type.IsPointer() || type.IsInteger() ? "" : expects("a pointer");
    default: {
      bool number =
          type.IsInteger() || type.kind == TypeKind::kBool || type.kind == TypeKind::kEnum || type.IsPointer();
      return number ? "" : expects("a number");
    }
  }
}

}  // namespace sonde::builtins
