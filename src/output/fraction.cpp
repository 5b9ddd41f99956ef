#include "output/fraction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

namespace sonde::output {

using image::ValueKind;
using image::ValueType;

namespace {

Real LoadNumber(const image::Slot& slot, const Values& values, Bytes record) {
  const ValueType& type = values.type(slot.type);
  const std::byte* data = record.data() + slot.offset;
  if (type.kind == ValueKind::kFloat) return LoadFloat(data, type.size);
  const int64_t number = LoadInteger(data, type.size, type.is_signed);
  return type.is_signed ? static_cast<Real>(number) : static_cast<Real>(static_cast<uint64_t>(number));
}

// 0 / 0 is a negative "not a number" on this machine, which would show as -nan.
Real WithoutSignOfNan(Real value) { return std::isnan(value) ? std::fabs(value) : value; }

}  // namespace

Real LoadFloat(const std::byte* data, uint32_t size) {
  const auto load = [data]<typename T>(T value) {
    std::memcpy(&value, data, sizeof value);
    return static_cast<Real>(value);
  };
  return size == sizeof(float) ? load(float{}) : load(double{});
}

Real Compute(const Fraction& fraction, const image::EventSpec& spec, const Values& values, Bytes record) {
  std::vector<Real> stack;
  for (const FractionStep& step : fraction) {
    const size_t first = stack.size() - Operands(step.op);
    Real result = 0;
    switch (step.op) {
      case FractionOp::kNumber:
        result = step.number;
        break;
      case FractionOp::kSlot:
        result = LoadNumber(spec.slots[step.slot], values, record);
        break;
      case FractionOp::kAdd:
        result = stack[first] + stack[first + 1];
        break;
      case FractionOp::kSubtract:
        result = stack[first] - stack[first + 1];
        break;
      case FractionOp::kMultiply:
        result = stack[first] * stack[first + 1];
        break;
      case FractionOp::kDivide:
        result = stack[first] / stack[first + 1];
        break;
      case FractionOp::kNegate:
        result = -stack[first];
        break;
      case FractionOp::kSelect:
        result = stack[first] != 0 ? stack[first + 1] : stack[first + 2];
        break;
    }
    stack.resize(first);
    stack.push_back(result);
  }
  return stack.back();
}

void AppendReal(Buffer& out, Real value, char conversion, const FieldFormat& field) {
  std::string format = "%";
  if (field.left) format += '-';
  if (field.plus) format += '+';
  if (field.space) format += ' ';
  if (field.alternative) format += '#';
  if (field.zero) format += '0';
  format += "*.*L";
  format += conversion;
  const int width = std::max(field.width, 0);
  // Most fit at once; a negative precision is none, as C has it.
  size_t room = 64;
  for (;;) {
    const int length = std::snprintf(out.Room(room), room, format.c_str(), width, field.precision,
                                     WithoutSignOfNan(value));  // NOLINT(*-vararg)
    if (length < 0) return;
    if (static_cast<size_t>(length) < room) return out.End(out.Room(0) + length);
    room = static_cast<size_t>(length) + 1;
  }
}

void AppendFraction(Buffer& out, Real value) {
  // As many digits as every double has: 0.3 for 0.1 + 0.2.
  fmt::format_to(std::back_inserter(out), "{:.15g}", static_cast<double>(WithoutSignOfNan(value)));
}

void AppendJsonFraction(Buffer& out, Real value) {
  if (!std::isfinite(static_cast<double>(value))) return out.Append("null");
  AppendFraction(out, value);
}

}  // namespace sonde::output
