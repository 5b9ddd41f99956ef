// Maps as metrics, in the text format that Prometheus reads (version 0.0.4).
#pragma once

#include <string_view>

#include "image/event.h"
#include "output/buffer.h"
#include "output/value.h"

namespace sonde::output {

// Whether a map can be a metric: stacks are no labels.
bool IsMetric(const Values& values, const image::MapSpec& map);

// One map: count() is a counter, hist() and lhist() are histograms, stats() is a summary, other numbers are gauges, of
// a tseries the last one; a text is a label `value` of a gauge that is 1. Parts of the key are labels: key, or key1, key2
// …, or the names that a record gives them.
void AppendMetric(Buffer& out, Values& values, const image::MapEvent& event);

// What was lost so far, by line of the script.
void AppendLosses(Buffer& out, const std::vector<image::LossEvent>& losses);

}  // namespace sonde::output
