#include "output/map_rows.h"

#include <algorithm>
#include <compare>
#include <cstring>

#include "output/fraction.h"
#include "output/histogram.h"

namespace sonde::output {

using image::Aggregation;
using image::MapSpec;
using image::ValueKind;
using image::ValueType;

namespace {

bool IsSigned(const Values& values, const MapSpec& map) { return values.type(map.value_type).is_signed; }

// The bytes that showing a value reads.
size_t ValueSize(const Values& values, const MapSpec& map) {
  switch (map.aggregation) {
    case Aggregation::kNone:
      return values.type(map.value_type).size;
    case Aggregation::kCount:
    case Aggregation::kSum:
    case Aggregation::kMin:
    case Aggregation::kMax:
      return 8;
    case Aggregation::kAvg:
    case Aggregation::kStats:
      return 16;
    case Aggregation::kHist:
    case Aggregation::kLhist:
    case Aggregation::kTseries:
      return 0;  // buckets that are missing count nothing
  }
  return 0;
}

int Sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int CompareNumbers(int64_t a, int64_t b, bool is_signed) {
  return is_signed ? Sign(a <=> b) : Sign(static_cast<uint64_t>(a) <=> static_cast<uint64_t>(b));
}

int CompareFields(const Values& values, const ValueType& type, Bytes a, Bytes b) {
  for (const image::ValueField& field : type.fields) {
    BitfieldBytes storage_a;
    BitfieldBytes storage_b;
    const int order = Compare(values, values.type(field.type), values.FieldBytes(field, a, storage_a),
                              values.FieldBytes(field, b, storage_b));
    if (order != 0) return order;
  }
  return 0;
}

int CompareElements(const Values& values, const ValueType& type, Bytes a, Bytes b) {
  const ValueType& element = values.type(type.element);
  for (size_t i = 0; i < type.count; ++i) {
    const int order =
        Compare(values, element, a.subspan(i * element.size, element.size), b.subspan(i * element.size, element.size));
    if (order != 0) return order;
  }
  return 0;
}

// A row with its value as a number, read once and not at every comparison.
struct SortedRow {
  image::MapRows::Row row;
  int64_t number;
  uint64_t prefix;  // of the key
};

// A number that rises with the key: where two keys have different ones, those decide. Most keys of a large map are told
// apart so, without a look at their types.
uint64_t Prefix(const Values& values, const ValueType& type, Bytes key) {
  const bool is_number = type.kind == ValueKind::kInt || type.kind == ValueKind::kEnum ||
                         type.kind == ValueKind::kPointer || type.kind == ValueKind::kTimestamp;
  if (is_number) {
    const auto number = static_cast<uint64_t>(LoadInteger(key.data(), type.size, type.is_signed));
    return type.is_signed ? number ^ (uint64_t{1} << 63) : number;
  }
  if (type.kind == ValueKind::kString) {
    const std::string_view text = values.Raw(type, key, {}).value_or("");
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; ++i) {
      prefix = prefix << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
    }
    return prefix;
  }
  const bool has_fields = type.kind == ValueKind::kTuple || type.kind == ValueKind::kRecord;
  if (!has_fields || type.fields.empty()) return 0;
  const image::ValueField& first = type.fields[0];
  const ValueType& first_type = values.type(first.type);
  return Prefix(values, first_type, key.subspan(first.offset, first_type.size));
}

}  // namespace

int Compare(const Values& values, const ValueType& type, Bytes a, Bytes b) {
  switch (type.kind) {
    case ValueKind::kNone:
      return 0;
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kEnum:
    case ValueKind::kPointer:
    case ValueKind::kTimestamp:
    case ValueKind::kUsername:
    case ValueKind::kProcessName:
    case ValueKind::kFlags:
    case ValueKind::kCgroupPath:
    case ValueKind::kKernelStack:
    case ValueKind::kUserStack:
    case ValueKind::kKernelSymbol:
      return CompareNumbers(LoadInteger(a.data(), type.size, type.is_signed),
                            LoadInteger(b.data(), type.size, type.is_signed), type.is_signed);
    case ValueKind::kMacAddress:
    case ValueKind::kInet:
      return Sign(std::memcmp(a.data(), b.data(), type.size) <=> 0);
    case ValueKind::kFloat:  // with an order of "not a number" too
      return Sign(std::strong_order(static_cast<double>(LoadFloat(a.data(), type.size)),
                                    static_cast<double>(LoadFloat(b.data(), type.size))));
    case ValueKind::kUserSymbol: {
      const int order = CompareNumbers(LoadInteger(a.data(), 8, false), LoadInteger(b.data(), 8, false), false);
      if (order != 0) return order;
      return CompareNumbers(LoadInteger(a.data() + 8, 8, false), LoadInteger(b.data() + 8, 8, false), false);
    }
    case ValueKind::kProbe:
      return Sign(values.ProbeName(static_cast<uint32_t>(LoadInteger(a.data(), type.size, false))) <=>
                  values.ProbeName(static_cast<uint32_t>(LoadInteger(b.data(), type.size, false))));
    case ValueKind::kString:
    case ValueKind::kTailString:
    case ValueKind::kBuffer:
    case ValueKind::kTailBuffer:
    case ValueKind::kCall:
    case ValueKind::kTailCall:
      return Sign(values.Raw(type, a, {}).value_or("") <=> values.Raw(type, b, {}).value_or(""));
    case ValueKind::kArray:
      return CompareElements(values, type, a, b);
    case ValueKind::kStruct:
    case ValueKind::kTuple:
    case ValueKind::kRecord:
      return CompareFields(values, type, a, b);
  }
  return 0;
}

bool IsHistogram(const MapSpec& map) {
  return map.aggregation == Aggregation::kHist || map.aggregation == Aggregation::kLhist;
}

bool HasNumber(const Values& values, const MapSpec& map) {
  switch (map.aggregation) {
    case Aggregation::kNone:
      return values.type(map.value_type).kind == ValueKind::kInt;
    case Aggregation::kCount:
    case Aggregation::kSum:
    case Aggregation::kMin:
    case Aggregation::kMax:
    case Aggregation::kAvg:
      return true;
    case Aggregation::kStats:
    case Aggregation::kHist:
    case Aggregation::kLhist:
    case Aggregation::kTseries:
      return false;
  }
  return false;
}

MapStats ReadStats(const Values& values, const MapSpec& map, Bytes value) {
  const bool is_signed = IsSigned(values, map);
  const int64_t total = LoadInteger(value.data(), 8, true);
  const auto count = static_cast<uint64_t>(LoadInteger(value.data() + 8, 8, false));
  const MapNumber sum{.value = total, .is_signed = is_signed};
  return {
      .count = count, .average = count == 0 ? MapNumber{.is_signed = is_signed} : sum.DividedBy(count), .total = sum};
}

MapNumber ReadNumber(const Values& values, const MapSpec& map, Bytes value) {
  if (map.aggregation == Aggregation::kAvg) return ReadStats(values, map, value).average;
  const bool is_signed = map.aggregation != Aggregation::kCount && IsSigned(values, map);
  const uint32_t size = map.aggregation == Aggregation::kNone ? values.type(map.value_type).size : 8;
  return {.value = LoadInteger(value.data(), size, is_signed), .is_signed = is_signed};
}

MapNumber MapNumber::DividedBy(uint64_t div) const {
  if (div <= 1) return *this;
  if (!is_signed) return {.value = static_cast<int64_t>(static_cast<uint64_t>(value) / div), .is_signed = false};
  // A divisor beyond int64's range is larger than any value.
  const int64_t quotient = div > INT64_MAX ? 0 : value / static_cast<int64_t>(div);
  return {.value = quotient, .is_signed = true};
}

std::vector<image::MapRows::Row> OrderedRows(const Values& values, const image::MapEvent& event) {
  const MapSpec& map = *event.map;
  const ValueType& key_type = values.type(map.key_type);
  const size_t key_size = map.is_keyless ? 0 : key_type.size;
  const bool has_number = HasNumber(values, map);
  const bool is_signed = map.aggregation != Aggregation::kCount && IsSigned(values, map);
  std::vector<SortedRow> sorted;
  sorted.reserve(event.rows.size());
  for (const image::MapRows::Row row : event.rows) {
    if (row.key.size() < key_size || row.value.size() < ValueSize(values, map)) continue;
    const int64_t number = has_number         ? ReadNumber(values, map, row.value).value
                           : IsHistogram(map) ? static_cast<int64_t>(TotalCount(row.value))
                           : map.aggregation == Aggregation::kNone || map.aggregation == Aggregation::kTseries
                               ? 0
                               : ReadStats(values, map, row.value).average.value;
    sorted.push_back({row, number, map.is_keyless ? 0 : Prefix(values, key_type, row.key)});
  }
  std::ranges::sort(sorted, [&](const SortedRow& a, const SortedRow& b) {
    const int order = CompareNumbers(a.number, b.number, is_signed && !IsHistogram(map));
    if (order != 0) return order < 0;
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return !map.is_keyless && Compare(values, key_type, a.row.key, b.row.key) < 0;
  });
  if (event.top > 0 && event.top < sorted.size()) sorted.erase(sorted.begin(), sorted.end() - event.top);
  std::vector<image::MapRows::Row> rows;
  rows.reserve(sorted.size());
  for (const SortedRow& row : sorted) rows.push_back(row.row);
  return rows;
}

}  // namespace sonde::output
