// src/output: what a running script has to say, as text, JSON …: one file and one row for each format.
//
// Enters: events from src/runtime, and the Image that says what their bytes mean. Leaves: to a file descriptor, through
// a Writer.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "image/event.h"
#include "output/sink_options.h"
#include "output/writer.h"

namespace sonde::output {

// A row of `-f`.
struct SinkKind {
  std::string_view name;
  std::string_view help;
  std::unique_ptr<image::Sink> (*make)(const image::Image& image, Writer& writer, const SinkOptions& options);
};

std::span<const SinkKind> SinkKinds();
// Null when no format is called so.
const SinkKind* FindSinkKind(std::string_view name);

}  // namespace sonde::output
