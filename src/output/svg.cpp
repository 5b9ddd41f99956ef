#include "output/svg.h"

#include <map>
#include <string>

#include "output/charts.h"
#include "output/map_rows.h"
#include "output/series.h"
#include "output/text.h"

namespace sonde::output {

using image::Aggregation;
using image::MapEvent;
using image::MapSpec;

namespace {

class SvgSink final : public image::Sink {
 public:
  SvgSink(const image::Image& image, Writer& writer, const SinkOptions& options)
      : writer_(writer),
        symbols_(options.symbols),
        values_(image, /*escape=*/false, options.realtime_offset, options.symbols),
        other_writer_(options.error_descriptor),
        other_(MakeTextSink(image, other_writer_, options)) {}

  ~SvgSink() override {
    if (!has_begun_) return;  // a run that could not begin has nothing to show
    Drawing page;
    for (const auto& [map, drawn] : drawn_) Draw(page, drawn);
    writer_.buffer().Append(Page(page));
    writer_.Flush();
  }

  void Emit(const image::Event& event) override {
    const auto* map = std::get_if<MapEvent>(&event);
    has_begun_ |= std::holds_alternative<image::AttachedEvent>(event);
    if (map == nullptr || !IsPicture(*map->map)) return other_->Emit(event);
    drawn_[map->map] = *map;
  }
  void Flush() override { other_->Flush(); }
  bool Healthy() const override { return writer_.healthy(); }

 private:
  bool IsPicture(const MapSpec& map) const {
    return IsHistogram(map) || map.aggregation == Aggregation::kTseries || CountsStacks(values_, map);
  }

  void Draw(Drawing& page, const MapEvent& event) {
    if (CountsStacks(values_, *event.map)) {
      page.Heading(event.map->name);
      return DrawFlameGraph(page, StackRows(values_, symbols_, event));
    }
    for (const image::MapRows::Row& row : OrderedRows(values_, event)) {
      page.Heading(Title(*event.map, row));
      if (IsHistogram(*event.map)) {
        DrawHistogram(page, ShownBuckets(*event.map, row.value, event.div));
      } else {
        DrawSeries(page, Points(event, row));
      }
    }
  }

  std::string Title(const MapSpec& map, const image::MapRows::Row& row) {
    if (map.is_keyless) return map.name;
    Buffer text;
    values_.AppendKey(text, map, row.key, ", ");
    return map.name + "[" + std::string(text.view()) + "]";
  }

  std::vector<ChartPoint> Points(const MapEvent& event, const image::MapRows::Row& row) {
    std::vector<ChartPoint> points;
    for (const SeriesPoint& point : SeriesPoints(values_, *event.map, row.value, event.div)) {
      Buffer label;
      AppendIntervalStart(label, values_.clock(), *event.map, point);
      ChartPoint& shown = points.emplace_back(ChartPoint{.label = std::string(label.view())});
      if (!point.number) continue;
      const auto [value, is_signed] = *point.number;
      Buffer number;
      AppendInteger(number, value, is_signed);
      shown.is_known = true;
      shown.number = is_signed ? static_cast<double>(value) : static_cast<double>(static_cast<uint64_t>(value));
      shown.text = number.view();
    }
    return points;
  }

  Writer& writer_;
  image::Symbols* symbols_;
  Values values_;
  Writer other_writer_;
  std::unique_ptr<image::Sink> other_;
  bool has_begun_ = false;
  std::map<const MapSpec*, MapEvent> drawn_;  // as they stand in the image, which is as the script names them
};

}  // namespace

std::unique_ptr<image::Sink> MakeSvgSink(const image::Image& image, Writer& writer, const SinkOptions& options) {
  return std::make_unique<SvgSink>(image, writer, options);
}

}  // namespace sonde::output
