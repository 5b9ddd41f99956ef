// Numbers with a fraction: computed from a record's integers, and shown as C shows them.
#pragma once

#include <span>

#include "base/fraction.h"
#include "image/image.h"
#include "output/printf.h"

namespace sonde::output {

// Wide enough for every 64-bit integer.
using Real = long double;

// 4 or 8 bytes, as C has them there. The caller vouches for them.
Real LoadFloat(const std::byte* data, uint32_t size);

// What the steps make of the slots of a record. They must be consistent (image::Inconsistency); division by zero is
// infinite or no number, as in C.
Real Compute(const Fraction& fraction, const image::EventSpec& spec, const Values& values, Bytes record);

// By conversion f, e, g, a, or one of F E G A.
void AppendReal(Buffer& out, Real value, char conversion, const FieldFormat& field);
// Up to 15 digits, without zeros at the end: what print() shows.
void AppendFraction(Buffer& out, Real value);
// The same; null for what JSON has no number for.
void AppendJsonFraction(Buffer& out, Real value);

}  // namespace sonde::output
