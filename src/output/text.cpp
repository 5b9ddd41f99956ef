#include "output/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "base/result.h"
#include "image/validate.h"
#include "output/commands.h"
#include "output/histogram.h"
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

bool Escapes(const SinkOptions& options, bool is_terminal) {
  return options.escape == EscapeControls::kAlways || (options.escape == EscapeControls::kOnTerminal && is_terminal);
}

class TextSink final : public image::Sink {
 public:
  TextSink(const image::Image& image, Writer& writer, const SinkOptions& options)
      : writer_(writer),
        out_(writer.buffer()),
        notices_(writer, options.error_descriptor),
        quiet_(options.quiet),
        records_(image, Escapes(options, writer.is_terminal()), options),
        error_records_(image, Escapes(options, isatty(options.error_descriptor) == 1), options) {}

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
    if (spec->kind == EventKind::kPacket) {
      return Complain(*spec, "cannot write " + spec->text, records_.WritePacket(*spec, event.record));
    }
    if (spec->kind == EventKind::kCat || spec->kind == EventKind::kSystem) return Act(*spec, event.record);
    if (!records_.AppendText(out_, *spec, event.record)) {
      return notices_.InternalError("a record of " + spec->function + " points outside of itself");
    }
    if (spec->kind == EventKind::kJoin || spec->kind == EventKind::kPrintValue) out_.Append('\n');
    writer_.EndEvent();
  }

  // What a command says goes where our own output goes, by itself.
  void Act(const EventSpec& spec, Bytes record) {
    Buffer text;
    if (!records_.AppendText(text, spec, record)) {
      return notices_.InternalError("a record of " + spec.function + " points outside of itself");
    }
    const std::string argument(text.view());
    if (spec.kind == EventKind::kSystem) {
      writer_.Flush();
      const int problem = commands_.Run(argument, writer_.descriptor());
      commands_.Take(/*at_end=*/false);
      return Complain(spec, "cannot run '" + argument + "'", problem);
    }
    std::string contents;
    const int problem = ReadStart(argument, records_.values().image().options.max_cat_bytes, contents);
    AppendText(out_, contents, records_.values().escape());
    writer_.EndEvent();
    Complain(spec, "cannot read " + argument, problem);
  }

  void Complain(const EventSpec& spec, const std::string& what, int problem) {
    if (problem == 0) return;
    const image::SourcePlace& where = spec.where;
    notices_.Say(
        fmt::format("{}:{}:{}: error: {}: {}", where.file, where.line, where.column, what, std::strerror(problem)));
  }

  void ShowPlaced(std::string_view label, const EventSpec& spec, Bytes record) {
    Buffer text;
    const image::SourcePlace& where = spec.where;
    const bool is_whole = error_records_.AppendText(text, spec, record);
    if (!is_whole) return notices_.InternalError("a record of " + spec.function + " points outside of itself");
    notices_.Say(fmt::format("{}:{}:{}: {}: {}", where.file, where.line, where.column, label, text.view()));
  }

  void Show(const AttachedEvent& event) {
    if (!quiet_) notices_.Say(AttachedMessage(event));
  }

  void Show(const LossEvent& event) { notices_.Say(LossMessage(event)); }
  void Show(const image::HelperErrorEvent& event) { notices_.Say(HelperErrorMessage(event)); }

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
    for (const image::MapRows::Row& row : rows) {
      ShowRow(event, row);
      writer_.EndEvent();
    }
    if (event.map->is_keyless || IsPicture(*event.map)) return;
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

  void ShowRow(const MapEvent& event, const image::MapRows::Row& row) {
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
      AppendBars(out_, ShownBuckets(map, row.value, event.div), writer_.columns());
    } else if (map.aggregation == Aggregation::kTseries) {
      out_.Append('\n');
      AppendSeries(out_, records_.values().clock(), map, SeriesPoints(records_.values(), map, row.value, event.div),
                   SeriesWidth(writer_.columns()));
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

  // A histogram or a series: lines of their own below the key.
  static bool IsPicture(const MapSpec& map) { return IsHistogram(map) || map.aggregation == Aggregation::kTseries; }

  Writer& writer_;
  Buffer& out_;
  Commands commands_;
  Notices notices_;
  bool quiet_;
  bool shown_at_exit_ = false;
  Records records_;
  Records error_records_;  // for standard error, which may be a terminal where standard output is none
};

}  // namespace

std::unique_ptr<image::Sink> MakeTextSink(const image::Image& image, Writer& writer, const SinkOptions& options) {
  SONDE_CHECK(image::Inconsistency(image).empty());
  return std::make_unique<TextSink>(image, writer, options);
}

}  // namespace sonde::output
