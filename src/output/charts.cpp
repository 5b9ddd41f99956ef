#include "output/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace sonde::output {
namespace {

constexpr double kRow = 17;         // of a flame graph or a bar, with the gap below it
constexpr double kCharacter = 7.3;  // width, at the page's font size
constexpr double kNarrowest = 0.3;  // a frame that is narrower is not drawn
constexpr double kChartHeight = 240;
constexpr std::string_view kBarColor = "#4c78a8";
constexpr std::string_view kAxisColor = "#888888";

struct FrameNode {
  uint64_t count = 0;
  std::map<std::string, FrameNode> inner;

  size_t Depth() const {
    size_t deepest = 0;
    for (const auto& [name, node] : inner) deepest = std::max(deepest, node.Depth());
    return deepest + 1;
  }
};

// The same for the same name, so that pictures can be compared.
std::string FrameColor(std::string_view name) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return fmt::format("rgb({},{},{})", 205 + hash % 50, 80 + hash / 64 % 130, hash / 16384 % 56);
}

class FlameGraph {
 public:
  FlameGraph(Drawing& page, const std::vector<StackRow>& rows) : page_(page) {
    for (const StackRow& row : rows) {
      root_.count += row.count;
      FrameNode* node = &root_;
      for (const std::string& frame : row.frames) {
        node = &node->inner[frame];
        node->count += row.count;
      }
    }
  }

  void Draw() {
    if (root_.count == 0) return;
    const double height = static_cast<double>(root_.Depth()) * kRow;
    Frame("all", root_, {kPageMargin, page_.height + height - kRow, kPageWidth - 2 * kPageMargin, kRow - 1});
    page_.height += height + kPageMargin;
  }

 private:
  void Frame(const std::string& name, const FrameNode& node, const Box& box) {
    if (box.width < kNarrowest) return;
    const double share = 100.0 * static_cast<double>(node.count) / static_cast<double>(root_.count);
    page_.Rectangle(box, FrameColor(name), fmt::format("{}: {} ({:.2f} %)", name, node.count, share));
    const auto room = static_cast<size_t>(box.width / kCharacter);
    if (room >= 3) {
      page_.Text(box.x + 2, box.y + 12, name.size() <= room ? name : name.substr(0, room - 2) + "..",
                 "pointer-events=\"none\"");
    }
    double x = box.x;
    for (const auto& [inner_name, inner] : node.inner) {
      const double width = box.width * static_cast<double>(inner.count) / static_cast<double>(node.count);
      Frame(inner_name, inner, {x, box.y - kRow, width, box.height});
      x += width;
    }
  }

  Drawing& page_;
  FrameNode root_;
};

}  // namespace

void DrawFlameGraph(Drawing& page, const std::vector<StackRow>& rows) { FlameGraph(page, rows).Draw(); }

void DrawHistogram(Drawing& page, const std::vector<Bucket>& buckets) {
  constexpr double kLabelWidth = 200;
  constexpr double kCountWidth = 100;
  uint64_t highest = 1;
  for (const Bucket& bucket : buckets) highest = std::max(highest, bucket.count);
  const double room = kPageWidth - 2 * kPageMargin - kLabelWidth - kCountWidth;
  for (const Bucket& bucket : buckets) {
    const std::string label = Label(bucket);
    const double width = room * static_cast<double>(bucket.count) / static_cast<double>(highest);
    page.Text(kPageMargin + kLabelWidth - 8, page.height + 12, label, "text-anchor=\"end\"");
    page.Rectangle({kPageMargin + kLabelWidth, page.height, width, kRow - 2}, kBarColor,
                   fmt::format("{}: {}", label, bucket.count));
    page.Text(kPageMargin + kLabelWidth + width + 6, page.height + 12, std::to_string(bucket.count));
    page.height += kRow;
  }
  page.height += kPageMargin;
}

void DrawSeries(Drawing& page, const std::vector<ChartPoint>& points) {
  constexpr double kScaleWidth = 160;
  const auto is_less = [](const ChartPoint& a, const ChartPoint& b) { return a.number < b.number; };
  std::vector<ChartPoint> known;
  std::ranges::copy_if(points, std::back_inserter(known), &ChartPoint::is_known);
  if (known.empty()) return;
  const ChartPoint low = *std::ranges::min_element(known, is_less);
  const ChartPoint high = *std::ranges::max_element(known, is_less);
  const double left = kPageMargin + kScaleWidth;
  const double bottom = page.height + kChartHeight;
  const double range = high.number > low.number ? high.number - low.number : 1;
  const double step = (kPageWidth - kPageMargin - left) / static_cast<double>(std::max<size_t>(points.size(), 2) - 1);
  page.Line(left, page.height, left, bottom, kAxisColor);
  page.Line(left, bottom, kPageWidth - kPageMargin, bottom, kAxisColor);
  page.Text(left - 8, page.height + 12, high.text, "text-anchor=\"end\"");
  page.Text(left - 8, bottom, low.text, "text-anchor=\"end\"");
  double before_x = 0;
  double before_y = 0;
  bool is_joined = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const double x = left + step * static_cast<double>(i);
    const double y = bottom - kChartHeight * (points[i].number - low.number) / range;
    if (points[i].is_known && is_joined) page.Line(before_x, before_y, x, y, kBarColor);
    if (points[i].is_known) {
      page.Rectangle({x - 2, y - 2, 4, 4}, kBarColor, fmt::format("{}: {}", points[i].label, points[i].text));
    }
    is_joined = points[i].is_known;
    before_x = x;
    before_y = y;
  }
  page.Text(left, bottom + 16, points.front().label);
  page.Text(kPageWidth - kPageMargin, bottom + 16, points.back().label, "text-anchor=\"end\"");
  page.height += kChartHeight + 24 + kPageMargin;
}

}  // namespace sonde::output
