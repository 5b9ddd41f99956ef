#include "output/json.h"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "base/result.h"
#include "image/names.h"
#include "image/validate.h"
#include "output/commands.h"
#include "output/fraction.h"
#include "output/histogram.h"
#include "output/json_value.h"
#include "output/map_rows.h"
#include "output/notices.h"
#include "output/records.h"
#include "output/series.h"
#include "output/test_table.h"

namespace sonde::output {

using image::Aggregation;
using image::AttachedEvent;
using image::EventKind;
using image::EventSpec;
using image::LossEvent;
using image::MapEvent;
using image::MapSpec;
using image::RecordEvent;

namespace {

std::string_view TypeOf(EventKind kind) {
  switch (kind) {
    case EventKind::kPrintf:
      return "printf";
    case EventKind::kPrintValue:
      return "value";
    case EventKind::kTime:
      return "time";
    case EventKind::kJoin:
      return "join";
    case EventKind::kError:
      return "error";
    case EventKind::kWarning:
      return "warning";
    case EventKind::kCat:
      return "cat";
    case EventKind::kSystem:
      return "syscall";
    case EventKind::kPacket:
    case EventKind::kPrintMap:
    case EventKind::kClearMap:
    case EventKind::kZeroMap:
    case EventKind::kExit:
      return "";
  }
  return "";
}

std::string_view TypeOf(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kNone:
    case Aggregation::kCount:
    case Aggregation::kSum:
    case Aggregation::kMin:
    case Aggregation::kMax:
      return "map";
    case Aggregation::kAvg:
    case Aggregation::kStats:
      return "stats";
    case Aggregation::kHist:
    case Aggregation::kLhist:
      return "hist";
    case Aggregation::kTseries:
      return "tseries";
  }
  return "map";
}

class JsonSink final : public image::Sink {
 public:
  JsonSink(const image::Image& image, Writer& writer, const SinkOptions& options)
      : writer_(writer),
        out_(writer.buffer()),
        notices_(writer, options.error_descriptor),
        quiet_(options.quiet),
        records_(image, /*escape=*/false, options) {}

  void Emit(const image::Event& event) override {
    std::visit([this](const auto& any) { Show(any); }, event);
  }
  ~JsonSink() override {
    ShowFinished(/*at_end=*/true);
    writer_.Flush();
  }
  void Flush() override {
    ShowFinished(/*at_end=*/false);
    writer_.Flush();
  }
  bool Healthy() const override { return writer_.healthy(); }

 private:
  void Begin(std::string_view type) {
    out_.Append(R"({"type": ")");
    out_.Append(type);
    out_.Append(R"(", "data": )");
  }
  void End() {
    out_.Append("}\n");
    writer_.EndEvent();
  }

  void Show(const RecordEvent& event) {
    const EventSpec* spec = records_.Identify(event.record);
    if (spec == nullptr) return notices_.InternalError("a record is of no known event");
    if (spec->kind == EventKind::kPacket) {
      return Complain(*spec, spec->text, records_.WritePacket(*spec, event.record));
    }
    if (spec->kind == EventKind::kCat || spec->kind == EventKind::kSystem) return Act(*spec, event.record);
    const size_t mark = out_.size();
    Begin(TypeOf(spec->kind));
    if (!AppendData(*spec, event.record)) {
      out_.Truncate(mark);
      return notices_.InternalError("a record of " + spec->function + " points outside of itself");
    }
    End();
  }

  // A line when a command has ended; those that take longer follow when the next ones are written, and at the end.
  void Act(const EventSpec& spec, Bytes record) {
    scratch_.Clear();
    if (!records_.AppendText(scratch_, spec, record)) {
      return notices_.InternalError("a record of " + spec.function + " points outside of itself");
    }
    const std::string argument(scratch_.view());
    std::string contents;
    const int problem = spec.kind == EventKind::kSystem
                            ? commands_.Run(argument, -1)
                            : ReadStart(argument, records_.values().image().options.max_cat_bytes, contents);
    if (spec.kind == EventKind::kCat && problem == 0) ShowText(EventKind::kCat, contents);
    if (spec.kind == EventKind::kSystem) ShowFinished(/*at_end=*/false);
    Complain(spec, argument, problem);
  }

  void Complain(const EventSpec& spec, const std::string& object, int problem) {
    if (problem == 0) return;
    const image::SourcePlace& where = spec.where;
    notices_.Say(fmt::format("{}:{}:{}: error: {} '{}': {}", where.file, where.line, where.column, spec.function,
                             object, std::strerror(problem)));
  }

  void ShowFinished(bool at_end) {
    if (commands_.IsIdle()) return;
    for (const Commands::Finished& command : commands_.Take(at_end)) ShowText(EventKind::kSystem, command.output);
  }

  void ShowText(EventKind kind, std::string_view text) {
    Begin(TypeOf(kind));
    AppendJsonString(out_, text);
    End();
  }

  bool AppendData(const EventSpec& spec, Bytes record) {
    if (spec.kind == EventKind::kPrintValue) {
      Values& values = records_.values();
      if (!spec.format.empty()) {
        return AppendJsonFraction(out_, Compute(spec.format[0].fraction, spec, values, record)), true;
      }
      if (spec.slots.empty()) return false;
      const image::Slot& slot = spec.slots[0];
      return AppendJsonValue(out_, values, values.type(slot.type), record.subspan(slot.offset), record);
    }
    scratch_.Clear();
    if (!records_.AppendText(scratch_, spec, record)) return false;
    AppendJsonString(out_, scratch_.view());
    return true;
  }

  void Show(const AttachedEvent& event) {
    if (quiet_) return;
    Begin("attached_probes");
    fmt::format_to(std::back_inserter(out_), R"({{"probes": {}}})", event.probes);
    End();
  }

  void Show(const image::TestsEvent& event) {
    Begin("tests");
    std::string_view separator = "[";
    for (const auto& row : event.rows) {
      out_.Append(separator);
      out_.Append(R"({"name": )");
      AppendJsonString(out_, row.name);
      out_.Append(row.problem.empty() ? R"(, "passed": true})" : R"(, "passed": false, "problem": )");
      if (!row.problem.empty()) {
        AppendJsonString(out_, row.problem);
        out_.Append('}');
      }
      separator = ", ";
    }
    out_.Append(']');
    End();
  }

  void Show(const image::BenchmarksEvent& event) {
    Begin("benchmarks");
    std::string_view separator = "[";
    for (const auto& row : event.rows) {
      out_.Append(separator);
      out_.Append(R"({"name": )");
      AppendJsonString(out_, row.name);
      fmt::format_to(std::back_inserter(out_), R"(, "nanoseconds": {:.1f}, "runs": {}}})", NanosecondsPerRun(row),
                     row.runs);
      separator = ", ";
    }
    out_.Append(']');
    End();
  }

  void Show(const LossEvent& event) {
    Begin("lost_events");
    fmt::format_to(std::back_inserter(out_), R"({{"events": {}, "object": )", event.count);
    AppendJsonString(out_, event.site != nullptr ? event.site->object : event.object);
    out_.Append(R"(, "reason": )");
    AppendJsonString(out_, event.site != nullptr ? Name(event.site->reason) : event.reason);
    if (event.site != nullptr) {
      const image::SourcePlace& where = event.site->where;
      out_.Append(R"(, "file": )");
      AppendJsonString(out_, where.file);
      fmt::format_to(std::back_inserter(out_), R"(, "line": {}, "column": {})", where.line, where.column);
    }
    fmt::format_to(std::back_inserter(out_), R"(, "final": {}}})", event.at_end);
    End();
  }

  void Show(const image::HelperErrorEvent& event) {
    Begin("helper_error");
    out_.Append(R"({"helper": )");
    AppendJsonString(out_, event.site->object);
    out_.Append(R"(, "message": )");
    AppendJsonString(out_, std::strerror(event.code));
    out_.Append(R"(, "file": )");
    AppendJsonString(out_, event.site->where.file);
    fmt::format_to(std::back_inserter(out_), R"(, "line": {}, "column": {}, "retcode": {}, "count": {}, "final": {}}})",
                   event.site->where.line, event.site->where.column, -event.code, event.count, event.at_end);
    End();
  }

  void Show(const MapEvent& event) {
    const MapSpec& map = *event.map;
    const auto rows = OrderedRows(records_.values(), event);
    if (rows.empty() && (event.at_exit || map.is_keyless)) return;
    Begin(TypeOf(map.aggregation));
    out_.Append('{');
    AppendJsonString(out_, map.name);
    out_.Append(": ");
    if (map.is_keyless) {
      ShowValue(event, rows[0].value);
    } else {
      ShowRows(event, rows);
    }
    out_.Append('}');
    End();
  }

  void ShowRows(const MapEvent& event, const std::vector<image::MapRows::Row>& rows) {
    out_.Append('{');
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) out_.Append(", ");
      scratch_.Clear();
      records_.values().AppendKey(scratch_, *event.map, rows[i].key, ",");
      AppendJsonString(out_, scratch_.view());
      out_.Append(": ");
      ShowValue(event, rows[i].value);
    }
    out_.Append('}');
  }

  void ShowValue(const MapEvent& event, Bytes value) {
    const MapSpec& map = *event.map;
    Values& values = records_.values();
    if (map.aggregation == Aggregation::kTseries) return ShowSeries(map, SeriesPoints(values, map, value, event.div));
    if (IsHistogram(map)) return ShowBuckets(ShownBuckets(map, value, event.div));
    if (map.aggregation == Aggregation::kStats) {
      const MapStats stats = ReadStats(values, map, value);
      out_.Append(R"({"count": )");
      AppendUnsigned(out_, stats.count);
      out_.Append(R"(, "average": )");
      AppendDivided(stats.average, event.div);
      out_.Append(R"(, "total": )");
      AppendDivided(stats.total, event.div);
      out_.Append('}');
    } else if (HasNumber(values, map)) {
      AppendDivided(ReadNumber(values, map, value), event.div);
    } else {
      AppendJsonValue(out_, values, values.type(map.value_type), value, {});
    }
  }

  // Intervals without a number have none.
  void ShowSeries(const MapSpec& map, const std::vector<SeriesPoint>& points) {
    out_.Append('[');
    for (size_t i = 0; i < points.size(); ++i) {
      out_.Append(i > 0 ? R"(, {"interval_start": ")" : R"({"interval_start": ")");
      records_.values().clock().Append(out_, "%Y-%m-%dT", points[i].start_ns);
      AppendIntervalStart(out_, records_.values().clock(), map, points[i]);
      out_.Append(R"(", "value": )");
      if (points[i].number) {
        AppendInteger(out_, points[i].number->value, points[i].number->is_signed);
      } else {
        out_.Append("null");
      }
      out_.Append('}');
    }
    out_.Append(']');
  }

  // Both ends are inclusive here; an open end is left out.
  void ShowBuckets(const std::vector<Bucket>& buckets) {
    out_.Append('[');
    for (size_t i = 0; i < buckets.size(); ++i) {
      const Bucket& bucket = buckets[i];
      out_.Append(i > 0 ? ", {" : "{");
      if (bucket.low) AppendBound("min", *bucket.low);
      if (bucket.high) AppendBound("max", *bucket.high - 1);
      out_.Append(R"("count": )");
      AppendUnsigned(out_, bucket.count);
      out_.Append('}');
    }
    out_.Append(']');
  }

  // Beyond int64's range lies only the last bucket of hist(), which ends at 2^64 - 1.
  void AppendBound(std::string_view name, __int128 bound) {
    fmt::format_to(std::back_inserter(out_), R"("{}": )", name);
    AppendInteger(out_, static_cast<int64_t>(bound), bound < 0);
    out_.Append(", ");
  }

  void AppendDivided(MapNumber number, uint64_t div) {
    const MapNumber shown = number.DividedBy(div);
    AppendInteger(out_, shown.value, shown.is_signed);
  }

  Writer& writer_;
  Buffer& out_;
  Buffer scratch_;
  Commands commands_;
  Notices notices_;
  bool quiet_;
  Records records_;
};

}  // namespace

std::unique_ptr<image::Sink> MakeJsonSink(const image::Image& image, Writer& writer, const SinkOptions& options) {
  SONDE_CHECK(image::Inconsistency(image).empty());
  return std::make_unique<JsonSink>(image, writer, options);
}

}  // namespace sonde::output
