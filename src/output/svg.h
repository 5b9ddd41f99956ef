// `-f svg`: maps as a picture: stacks as flame graphs, histograms, series.
#pragma once

#include <memory>

#include "image/event.h"
#include "output/sink_options.h"
#include "output/writer.h"

namespace sonde::output {

// Image and writer must outlive the sink, which writes one page when it ends: each map as it was printed last. All that
// is no picture goes to standard error, as text.
std::unique_ptr<image::Sink> MakeSvgSink(const image::Image& image, Writer& writer, const SinkOptions& options);

}  // namespace sonde::output
