#include "output/exposition.h"

#include <fmt/format.h>

#include <cctype>
#include <iterator>
#include <string>
#include <vector>

#include "image/names.h"
#include "output/histogram.h"
#include "output/map_rows.h"
#include "output/series.h"

namespace sonde::output {

using image::Aggregation;
using image::MapEvent;
using image::MapSpec;
using image::ValueKind;
using image::ValueType;

namespace {

// `a="b",c="d"`.
void AddLabel(std::string& labels, std::string_view name, std::string_view value) {
  if (!labels.empty()) labels += ',';
  labels += name;
  labels += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') labels += '\\';
    labels += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  labels += '"';
}

std::string Sanitized(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return out;
}

std::string MetricName(const MapSpec& map) {
  return "sonde_" + (map.name.size() > 1 ? Sanitized(std::string_view(map.name).substr(1)) : "map");
}

bool HoldsStack(const Values& values, const ValueType& type) {
  if (type.kind == ValueKind::kKernelStack || type.kind == ValueKind::kUserStack) return true;
  for (const image::ValueField& field : type.fields) {
    if (HoldsStack(values, values.type(field.type))) return true;
  }
  return false;
}

std::string Text(Values& values, const ValueType& type, Bytes value) {
  Buffer text;
  values.Append(text, type, value, {});
  return std::string(text.view());
}

std::string Labels(Values& values, const MapSpec& map, Bytes key) {
  std::string labels;
  if (map.is_keyless) return labels;
  const ValueType& type = values.type(map.key_type);
  if (type.kind != ValueKind::kTuple && type.kind != ValueKind::kRecord) {
    AddLabel(labels, "key", Text(values, type, key));
    return labels;
  }
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const image::ValueField& field = type.fields[i];
    const std::string name = type.kind == ValueKind::kRecord ? Sanitized(field.name) : fmt::format("key{}", i + 1);
    AddLabel(labels, name, Text(values, values.type(field.type), key.subspan(field.offset)));
  }
  return labels;
}

class Metric {
 public:
  Metric(Buffer& out, Values& values, const MapEvent& event)
      : out_(out), values_(values), event_(event), map_(*event.map), name_(MetricName(map_)) {}

  void Append() {
    fmt::format_to(std::back_inserter(out_), "# HELP {0} {1} of the script\n# TYPE {0} {2}\n", name_, map_.name, Type());
    for (const image::MapRows::Row& row : OrderedRows(values_, event_)) AppendRow(Labels(values_, map_, row.key), row.value);
  }

 private:
  std::string_view Type() const {
    switch (map_.aggregation) {
      case Aggregation::kCount:
        return "counter";
      case Aggregation::kHist:
      case Aggregation::kLhist:
        return "histogram";
      case Aggregation::kStats:
        return "summary";
      case Aggregation::kNone:
      case Aggregation::kSum:
      case Aggregation::kAvg:
      case Aggregation::kMin:
      case Aggregation::kMax:
      case Aggregation::kTseries:
        return "gauge";
    }
    return "untyped";
  }

  void AppendRow(const std::string& labels, Bytes value) {
    if (IsHistogram(map_)) return AppendBuckets(labels, value);
    if (map_.aggregation == Aggregation::kStats) {
      const MapStats stats = ReadStats(values_, map_, value);
      Sample("_sum", labels, stats.total);
      return Sample("_count", labels, {static_cast<int64_t>(stats.count), false});
    }
    if (map_.aggregation == Aggregation::kTseries) {
      const std::vector<SeriesPoint> points = SeriesPoints(values_, map_, value, 0);
      if (!points.empty() && points.back().number) Sample("", labels, *points.back().number);
      return;
    }
    if (HasNumber(values_, map_)) return Sample("", labels, ReadNumber(values_, map_, value));
    std::string with_value = labels;
    AddLabel(with_value, "value", Text(values_, values_.type(map_.value_type), value));
    Sample("", with_value, {1, false});
  }

  // Buckets are cumulative and their upper ends inclusive. The sum of what was recorded is not known.
  void AppendBuckets(const std::string& labels, Bytes value) {
    uint64_t total = 0;
    for (const Bucket& bucket : ShownBuckets(map_, value, 0)) {
      total += bucket.count;
      if (!bucket.high || *bucket.high > __int128{INT64_MAX}) continue;
      std::string with_end = labels;
      AddLabel(with_end, "le", std::to_string(static_cast<int64_t>(*bucket.high - 1)));
      Sample("_bucket", with_end, {static_cast<int64_t>(total), false});
    }
    std::string with_end = labels;
    AddLabel(with_end, "le", "+Inf");
    Sample("_bucket", with_end, {static_cast<int64_t>(total), false});
    Sample("_count", labels, {static_cast<int64_t>(total), false});
  }

  void Sample(std::string_view suffix, const std::string& labels, MapNumber number) {
    out_.Append(name_);
    out_.Append(suffix);
    if (!labels.empty()) fmt::format_to(std::back_inserter(out_), "{{{}}}", labels);
    out_.Append(' ');
    AppendInteger(out_, number.value, number.is_signed);
    out_.Append('\n');
  }

  Buffer& out_;
  Values& values_;
  const MapEvent& event_;
  const MapSpec& map_;
  std::string name_;
};

}  // namespace

bool IsMetric(const Values& values, const MapSpec& map) {
  return !HoldsStack(values, values.type(map.value_type)) &&
         (map.is_keyless || !HoldsStack(values, values.type(map.key_type)));
}

void AppendMetric(Buffer& out, Values& values, const MapEvent& event) { Metric(out, values, event).Append(); }

void AppendLosses(Buffer& out, const std::vector<image::LossEvent>& losses) {
  out.Append("# HELP sonde_lost_events_total What was lost, by line of the script\n# TYPE sonde_lost_events_total counter\n");
  for (const image::LossEvent& loss : losses) {
    std::string labels;
    AddLabel(labels, "object", loss.site->object);
    AddLabel(labels, "reason", image::Name(loss.site->reason));
    AddLabel(labels, "file", loss.site->where.file);
    AddLabel(labels, "line", std::to_string(loss.site->where.line));
    AddLabel(labels, "column", std::to_string(loss.site->where.column));
    fmt::format_to(std::back_inserter(out), "sonde_lost_events_total{{{}}} {}\n", labels, loss.count);
  }
}

}  // namespace sonde::output
