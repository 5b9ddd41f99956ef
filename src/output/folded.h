// `-f folded`: a line for each stack, "outermost;…;innermost count", as programs that draw flame graphs read it.
#pragma once

#include <memory>

#include "image/event.h"
#include "output/sink_options.h"
#include "output/writer.h"

namespace sonde::output {

// Image and writer must outlive the sink. All but maps of stacks goes to standard error, as text.
std::unique_ptr<image::Sink> MakeFoldedSink(const image::Image& image, Writer& writer, const SinkOptions& options);

}  // namespace sonde::output
