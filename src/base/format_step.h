// A printf format, compiled once: what sema checks, the image carries and the output follows.
#pragma once

#include <cstdint>
#include <string>

#include "base/fraction.h"

namespace sonde {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// One conversion: the literal text before it, then the conversion.
struct FormatStep {
  std::string literal;
  char conversion = 0;  // 0: the text after the last one; else one of d i u x X o p c s r, f e g a and F E G A
  std::string flags;    // of "-+ #0"
  int32_t width = -1;   // -1: none
  int32_t precision = -1;
  std::string length;  // "", "h", "hh", "l", "ll", "z", …; for %r: "x" or "h"
  uint32_t slot = kNoSlot;
  uint32_t width_slot = kNoSlot;      // `%*d`
  uint32_t precision_slot = kNoSlot;  // `%.*s`
  Fraction fraction;                  // in place of `slot` where not empty: shown is what comes of it
};

}  // namespace sonde
