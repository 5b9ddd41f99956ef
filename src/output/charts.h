// Maps as pictures: flame graphs of stacks, bars of histograms, lines of series.
#pragma once

#include <string>
#include <vector>

#include "output/drawing.h"
#include "output/histogram.h"
#include "output/stack_rows.h"

namespace sonde::output {

// Each adds to the page below what is there.
void DrawFlameGraph(Drawing& page, const std::vector<StackRow>& rows);
void DrawHistogram(Drawing& page, const std::vector<Bucket>& buckets);

struct ChartPoint {
  std::string label;
  bool is_known = false;
  double number = 0;
  std::string text;  // the number in full
};
void DrawSeries(Drawing& page, const std::vector<ChartPoint>& points);

}  // namespace sonde::output
