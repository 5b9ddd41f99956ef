#include "output/text.h"

#include <fmt/format.h>

#include "base/result.h"
#include "image/validate.h"
#include "output/histogram.h"
#include "output/map_rows.h"
#include "output/notices.h"
#include "output/records.h"
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

bool Escapes(const SinkOptions& options, const Writer& writer) {
  return options.escape == EscapeControls::kAlways ||
         (options.escape == EscapeControls::kOnTerminal && writer.is_terminal());
}

class TextSink final : public image::Sink {
 public:
  TextSink(const image::Image& image, Writer& writer, const SinkOptions& options)
      : writer_(writer),
        out_(writer.buffer()),
        notices_(writer, options.error_descriptor),
        quiet_(options.quiet),
        records_(image, Escapes(options, writer), options) {}

  void Emit(const image::Event& event) override {
    std::visit([this](const auto& any) { Show(any); }, event);
  }
  void Flush() override { writer_.Flush(); }
  bool Healthy() const override { return writer_.healthy(); }

 private:
  void Show(const RecordEvent& event) {
    const EventSpec* spec = records_.Identify(event.record);
    if (spec == nullptr) return notices_.InternalError("a record is of no known event");
    if (spec->kind == EventKind::kError) return ShowPlaced("error", *spec, event.record);
    if (spec->kind == EventKind::kWarning) return ShowPlaced("warning", *spec, event.record);
    if (!records_.AppendText(out_, *spec, event.record)) {
      return notices_.InternalError("a record of " + spec->function + " points outside of itself");
    }
    if (spec->kind == EventKind::kJoin || spec->kind == EventKind::kPrintValue) out_.Append('\n');
    writer_.EndEvent();
  }

  void ShowPlaced(std::string_view label, const EventSpec& spec, Bytes record) {
    Buffer text;
    const image::SourcePlace& where = spec.where;
    const bool is_whole = records_.AppendText(text, spec, record);
    if (!is_whole) return notices_.InternalError("a record of " + spec.function + " points outside of itself");
    notices_.Say(fmt::format("{}:{}:{}: {}: {}", where.file, where.line, where.column, label, text.view()));
  }

  void Show(const AttachedEvent& event) {
    if (!quiet_) notices_.Say(AttachedMessage(event));
  }

  void Show(const LossEvent& event) { notices_.Say(LossMessage(event)); }

  void Show(const image::TestsEvent& event) { ShowTable(TestTable(event)); }
  void Show(const image::BenchmarksEvent& event) { ShowTable(BenchmarkTable(event)); }

  void ShowTable(const std::string& table) {
    out_.Append(table);
    writer_.EndEvent();
  }

  // A map of several rows is followed by an empty line; all that is printed at exit is set apart by one before it.
  void Show(const MapEvent& event) {
    const auto rows = OrderedRows(records_.values(), event);
    if (rows.empty()) return ShowEmpty(event);
    if (event.at_exit && !shown_at_exit_) out_.Append('\n');
    shown_at_exit_ |= event.at_exit;
    for (const MapEvent::Row* row : rows) {
      ShowRow(event, *row);
      writer_.EndEvent();
    }
    if (event.map->is_keyless || IsHistogram(*event.map)) return;
    out_.Append('\n');
    writer_.EndEvent();
  }

  // A script that prints a map every second gets its line also in a second without events.
  void ShowEmpty(const MapEvent& event) {
    if (event.at_exit) return;
    const Aggregation aggregation = event.map->aggregation;
    if (event.map->is_keyless && (aggregation == Aggregation::kCount || aggregation == Aggregation::kSum)) {
      out_.Append(event.map->name);
      out_.Append(": 0");
    }
    out_.Append('\n');
    writer_.EndEvent();
  }

  void ShowRow(const MapEvent& event, const MapEvent::Row& row) {
    const MapSpec& map = *event.map;
    out_.Append(map.name);
    if (!map.is_keyless) {
      out_.Append('[');
      records_.values().AppendKey(out_, map, row.key, ", ");
      out_.Append(']');
    }
    out_.Append(':');
    if (IsHistogram(map)) {
      out_.Append('\n');
      AppendBars(out_, ShownBuckets(map, row.value, event.div));
    } else {
      out_.Append(' ');
      ShowValue(event, row.value);
    }
    out_.Append('\n');
  }

  void ShowValue(const MapEvent& event, Bytes value) {
    const MapSpec& map = *event.map;
    Values& values = records_.values();
    if (map.aggregation == Aggregation::kStats) {
      const MapStats stats = ReadStats(values, map, value);
      out_.Append("count ");
      AppendUnsigned(out_, stats.count);
      out_.Append(", average ");
      AppendDivided(stats.average, event.div);
      out_.Append(", total ");
      AppendDivided(stats.total, event.div);
    } else if (HasNumber(values, map)) {
      AppendDivided(ReadNumber(values, map, value), event.div);
    } else {
      values.Append(out_, values.type(map.value_type), value, {});
    }
  }

  void AppendDivided(MapNumber number, uint64_t div) {
    const MapNumber shown = number.DividedBy(div);
    AppendInteger(out_, shown.value, shown.is_signed);
  }

  Writer& writer_;
  Buffer& out_;
  Notices notices_;
  bool quiet_;
  bool shown_at_exit_ = false;
  Records records_;
};

}  // namespace

std::unique_ptr<image::Sink> MakeTextSink(const image::Image& image, Writer& writer, const SinkOptions& options) {
  SONDE_CHECK(image::Inconsistency(image).empty());
  return std::make_unique<TextSink>(image, writer, options);
}

}  // namespace sonde::output
