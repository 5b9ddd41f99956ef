// `-f text`: what people read.
#pragma once

#include <memory>

#include "image/event.h"
#include "output/sink_options.h"
#include "output/writer.h"

namespace sonde::output {

// Image and writer must outlive the sink.
std::unique_ptr<image::Sink> MakeTextSink(const image::Image& image, Writer& writer, const SinkOptions& options);

}  // namespace sonde::output
