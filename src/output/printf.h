// printf: a compiled format over a record's slots, with C's meaning of every conversion.
//
// Differences from C, all of them bpftrace's: `%d` prints a value at its own width, whatever the length modifier's
// default would be, and `%s` takes values that are no strings.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "image/image.h"
#include "output/buffer.h"
#include "output/value.h"

namespace sonde::output {

// The part of a conversion between `%` and its letter.
struct FieldFormat {
  bool left = false;         // -
  bool plus = false;         // +
  bool space = false;        // ' '
  bool alternative = false;  // #
  bool zero = false;         // 0
  int32_t width = -1;
  int32_t precision = -1;
};

// Wider fields than this, which only a computed width can ask for, are cut: one event must not fill the memory.
inline constexpr int32_t kMaxFieldWidth = 1 << 16;

class PreparedFormat {
 public:
  PreparedFormat() = default;
  // `spec` must outlive this.
  PreparedFormat(const Values& values, const image::EventSpec& spec);

  // The record has at least `spec.fixed_size` bytes. False when a TailRef points outside of it.
  bool Append(Buffer& out, Values& values, Bytes record) const;

 private:
  enum class Action : uint8_t {
    kLiteral,      // the text after the last conversion
    kPlainNumber,  // decimal without flags, width and precision
    kPlainText,    // a string likewise
    kFraction,     // computed from several slots, or a float
    kGeneral,
  };
  struct Step {
    std::string_view literal;
    Action action = Action::kLiteral;
    char conversion = 0;
    uint8_t keep = 0;        // bytes of a number that its length modifier (or its type, an `int`) keeps; 0: all
    bool is_signed = false;  // how the number is shown
    BufferStyle style = BufferStyle::kMixed;
    uint32_t offset = 0;
    const image::ValueType* type = nullptr;
    FieldFormat field;
    const image::Slot* width_slot = nullptr;
    const image::Slot* precision_slot = nullptr;
    const image::FormatStep* source = nullptr;  // of a fraction
  };

  static Step Prepare(const Values& values, const image::EventSpec& spec, const image::FormatStep& source);
  static int64_t Number(const Step& step, Bytes record);
  static FieldFormat Field(const Step& step, const Values& values, Bytes record);
  void AppendFractionStep(Buffer& out, Values& values, const Step& step, Bytes record) const;
  static bool AppendGeneral(Buffer& out, Values& values, const Step& step, Bytes record);
  static bool AppendAnyText(Buffer& out, Values& values, const Step& step, int32_t precision, Bytes record);

  const image::EventSpec* spec_ = nullptr;
  std::vector<Step> steps_;
};

// `value` by conversion d, i, u, x, X, o or p; for d and i it is signed.
void AppendNumber(Buffer& out, uint64_t value, char conversion, const FieldFormat& field);

}  // namespace sonde::output
