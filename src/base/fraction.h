// Arithmetic with fractions, which the kernel has not: it gathers the numbers, the reader computes when it prints.
#pragma once

#include <cstdint>
#include <vector>

namespace sonde {

enum class FractionOp : uint8_t {
  kNumber,  // pushes `number`
  kSlot,    // pushes the number in `slot` of the record
  kAdd,     // these four take two numbers, and push one
  kSubtract,
  kMultiply,
  kDivide,
  kNegate,
  kSelect,  // takes condition, then, else
};

struct FractionStep {
  FractionOp op = FractionOp::kNumber;
  double number = 0;
  uint32_t slot = 0;
};

// In postfix order: a stack machine's program that leaves one number.
using Fraction = std::vector<FractionStep>;

// The numbers that a step takes from the stack; each pushes one.
constexpr uint32_t Operands(FractionOp op) {
  switch (op) {
    case FractionOp::kNumber:
    case FractionOp::kSlot:
      return 0;
    case FractionOp::kNegate:
      return 1;
    case FractionOp::kAdd:
    case FractionOp::kSubtract:
    case FractionOp::kMultiply:
    case FractionOp::kDivide:
      return 2;
    case FractionOp::kSelect:
      return 3;
  }
  return 0;
}

}  // namespace sonde
