#include "output/printf.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "output/fraction.h"

namespace sonde::output {

using image::FormatStep;
using image::ValueKind;
using image::ValueType;

namespace {

bool IsNumber(const ValueType& type) {
  switch (type.kind) {
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kEnum:
    case ValueKind::kPointer:
    case ValueKind::kProbe:
    case ValueKind::kTimestamp:
    case ValueKind::kUsername:
    case ValueKind::kProcessName:
    case ValueKind::kFlags:
    case ValueKind::kCgroupPath:
    case ValueKind::kMacAddress:
      return true;
    case ValueKind::kFloat:
    case ValueKind::kNone:
    case ValueKind::kInet:
    case ValueKind::kString:
    case ValueKind::kTailString:
    case ValueKind::kBuffer:
    case ValueKind::kTailBuffer:
    case ValueKind::kCall:
    case ValueKind::kTailCall:
    case ValueKind::kArray:
    case ValueKind::kStruct:
    case ValueKind::kTuple:
    case ValueKind::kRecord:
    case ValueKind::kKernelStack:
    case ValueKind::kUserStack:
    case ValueKind::kKernelSymbol:
    case ValueKind::kUserSymbol:
      return false;
  }
  return false;
}

bool IsText(const ValueType& type) { return type.kind == ValueKind::kString || type.kind == ValueKind::kTailString; }

bool HasBytes(const ValueType& type) {
  return IsText(type) || type.kind == ValueKind::kBuffer || type.kind == ValueKind::kTailBuffer;
}

bool IsNumeric(char conversion) { return std::string_view("diuxXop").find(conversion) != std::string_view::npos; }
bool IsSigned(char conversion) { return conversion == 'd' || conversion == 'i'; }

FieldFormat ParseField(const FormatStep& step) {
  const auto has = [&](char flag) { return step.flags.find(flag) != std::string::npos; };
  return {.left = has('-'),
          .plus = has('+'),
          .space = has(' '),
          .alternative = has('#'),
          .zero = has('0'),
          .width = std::min(step.width, kMaxFieldWidth),
          .precision = std::min(step.precision, kMaxFieldWidth)};
}

uint8_t KeptBytes(const FormatStep& step, const ValueType& type) {
  if (step.length == "hh") return 1;
  if (step.length == "h") return 2;
  // An `int` argument of a system call lies in a slot of eight bytes whose upper half means nothing.
  if (step.length.empty() && type.kind == ValueKind::kInt && type.size == 8 && type.format == "int") return 4;
  return 0;
}

uint64_t Keep(uint64_t value, uint32_t bytes, bool is_signed) {
  if (bytes == 0 || bytes >= 8) return value;
  const uint32_t unused = 64 - 8 * bytes;
  value <<= unused;
  return is_signed ? static_cast<uint64_t>(static_cast<int64_t>(value) >> unused) : value >> unused;
}

void Pad(Buffer& out, size_t mark, const FieldFormat& field) {
  const size_t length = out.size() - mark;
  if (field.width < 0 || static_cast<size_t>(field.width) <= length) return;
  const size_t missing = static_cast<size_t>(field.width) - length;
  if (field.left) return out.Fill(missing, ' ');
  out.FillBefore(mark, missing, ' ');
}

}  // namespace

void AppendNumber(Buffer& out, uint64_t value, char conversion, const FieldFormat& field) {
  const bool is_signed = IsSigned(conversion);
  const bool is_negative = is_signed && static_cast<int64_t>(value) < 0;
  if (is_negative) value = 0 - value;
  const int base = conversion == 'o' ? 8 : conversion == 'x' || conversion == 'X' || conversion == 'p' ? 16 : 10;
  char digits[24];
  char* end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  if (conversion == 'X') std::transform(digits, end, digits, [](char c) { return c >= 'a' ? c - 'a' + 'A' : c; });
  if (value == 0 && field.precision == 0) end = digits;
  const auto length = static_cast<int32_t>(end - digits);

  std::string_view sign = is_negative ? "-" : !is_signed ? "" : field.plus ? "+" : field.space ? " " : "";
  if (conversion == 'p' || (field.alternative && base == 16 && value != 0)) sign = conversion == 'X' ? "0X" : "0x";
  int32_t zeros = std::max(0, field.precision - length);
  if (field.alternative && base == 8 && zeros == 0 && (value != 0 || length == 0)) zeros = 1;
  if (field.zero && !field.left && field.precision < 0) {
    zeros = std::max(zeros, field.width - length - static_cast<int32_t>(sign.size()));
  }

  const size_t mark = out.size();
  out.Append(sign);
  if (zeros > 0) out.Fill(static_cast<size_t>(zeros), '0');
  out.Append({digits, static_cast<size_t>(length)});
  Pad(out, mark, field);
}

PreparedFormat::PreparedFormat(const Values& values, const image::EventSpec& spec) : spec_(&spec) {
  steps_.reserve(spec.format.size());
  for (const FormatStep& step : spec.format) steps_.push_back(Prepare(values, spec, step));
}

PreparedFormat::Step PreparedFormat::Prepare(const Values& values, const image::EventSpec& spec,
                                             const FormatStep& source) {
  Step step{.literal = source.literal, .conversion = source.conversion};
  if (source.conversion == 0) return step;
  const auto slot = [&](uint32_t index) { return index == image::kNone ? nullptr : &spec.slots[index]; };
  step.field = ParseField(source);
  step.width_slot = slot(source.width_slot);
  step.precision_slot = slot(source.precision_slot);
  if (!source.fraction.empty()) {
    step.action = Action::kFraction;
    step.source = &source;
    return step;
  }
  step.offset = spec.slots[source.slot].offset;
  step.type = &values.type(spec.slots[source.slot].type);
  step.keep = KeptBytes(source, *step.type);
  step.is_signed = IsSigned(source.conversion);
  if (source.length == "x") step.style = BufferStyle::kEscaped;
  if (source.length == "h") step.style = BufferStyle::kHex;

  const bool is_plain = source.flags.empty() && source.width < 0 && source.precision < 0 &&
                        step.width_slot == nullptr && step.precision_slot == nullptr;
  const bool is_decimal = step.is_signed || source.conversion == 'u';
  step.action = is_plain && is_decimal && IsNumber(*step.type)               ? Action::kPlainNumber
                : is_plain && source.conversion == 's' && IsText(*step.type) ? Action::kPlainText
                                                                             : Action::kGeneral;
  return step;
}

int64_t PreparedFormat::Number(const Step& step, Bytes record) {
  // Signed conversions show the value, unsigned ones its bytes: -1 of 32 bits is ffffffff.
  const ValueType& type = *step.type;
  const int64_t value = LoadInteger(record.data() + step.offset, type.size, step.is_signed && type.is_signed);
  if (step.keep == 0 || step.keep > type.size) return value;
  return static_cast<int64_t>(Keep(static_cast<uint64_t>(value), step.keep, step.is_signed));
}

bool PreparedFormat::Append(Buffer& out, Values& values, Bytes record) const {
  for (const Step& step : steps_) {
    out.Append(step.literal);
    switch (step.action) {
      case Action::kLiteral:
        break;
      case Action::kPlainNumber:
        AppendInteger(out, Number(step, record), step.is_signed);
        break;
      case Action::kPlainText: {
        const auto text = values.Raw(*step.type, record.subspan(step.offset), record);
        if (!text) return false;
        AppendText(out, *text, values.escape());
        out.Append(values.Trailer(*step.type, *text));
        break;
      }
      case Action::kFraction:
        AppendFractionStep(out, values, step, record);
        break;
      case Action::kGeneral:
        if (!AppendGeneral(out, values, step, record)) return false;
        break;
    }
  }
  return true;
}

// With the width and precision that `*` takes from slots: negative ones mean "left" and "none", as in C.
FieldFormat PreparedFormat::Field(const Step& step, const Values& values, Bytes record) {
  const auto load = [&](const image::Slot& slot) {
    const ValueType& type = values.type(slot.type);
    const int64_t value = LoadInteger(record.data() + slot.offset, type.size, type.is_signed);
    return static_cast<int32_t>(std::clamp<int64_t>(static_cast<int32_t>(value), -kMaxFieldWidth, kMaxFieldWidth));
  };
  FieldFormat field = step.field;
  if (step.width_slot != nullptr) {
    const int32_t width = load(*step.width_slot);
    field.left |= width < 0;
    field.width = width < 0 ? -width : width;
  }
  if (step.precision_slot != nullptr) field.precision = std::max(-1, load(*step.precision_slot));
  return field;
}

void PreparedFormat::AppendFractionStep(Buffer& out, Values& values, const Step& step, Bytes record) const {
  const Real value = Compute(step.source->fraction, *spec_, values, record);
  const FieldFormat field = Field(step, values, record);
  if (step.conversion != 's') return AppendReal(out, value, step.conversion, field);
  const size_t mark = out.size();
  AppendFraction(out, value);
  Pad(out, mark, field);
}

bool PreparedFormat::AppendGeneral(Buffer& out, Values& values, const Step& step, Bytes record) {
  const FieldFormat field =
      step.width_slot == nullptr && step.precision_slot == nullptr ? step.field : Field(step, values, record);
  const bool is_number = IsNumber(*step.type);
  if (is_number && IsNumeric(step.conversion)) {
    AppendNumber(out, static_cast<uint64_t>(Number(step, record)), step.conversion, field);
    return true;
  }
  const size_t mark = out.size();
  if (is_number && step.conversion == 'c') {
    const char c = static_cast<char>(Number(step, record));
    AppendText(out, {&c, 1}, values.escape());
  } else if (!AppendAnyText(out, values, step, field.precision, record)) {
    return false;
  }
  Pad(out, mark, field);
  return true;
}

// `%s` and `%r`, and what the other conversions show of a value that is no number.
bool PreparedFormat::AppendAnyText(Buffer& out, Values& values, const Step& step, int32_t precision, Bytes record) {
  const Bytes value = record.subspan(step.offset);
  const size_t limit = step.conversion == 'c' ? 1 : precision < 0 ? SIZE_MAX : static_cast<size_t>(precision);
  if (!HasBytes(*step.type)) {
    const size_t mark = out.size();
    const bool is_whole = values.Append(out, *step.type, value, record);
    if (out.size() - mark > limit) out.Truncate(mark + limit);
    return is_whole;
  }
  const auto text = values.Raw(*step.type, value, record);
  if (!text) return false;
  if (step.conversion == 'r' || !IsText(*step.type)) {
    AppendBytes(out, text->substr(0, limit), step.style);
  } else {
    AppendText(out, text->substr(0, limit), values.escape());
    if (limit >= text->size()) out.Append(values.Trailer(*step.type, *text));
  }
  return true;
}

}  // namespace sonde::output
