#include "output/sinks.h"

#include <algorithm>

#include "output/folded.h"
#include "output/json.h"
#include "output/svg.h"
#include "output/text.h"

namespace sonde::output {

namespace {

constexpr SinkKind kSinkKinds[] = {
    {.name = "text", .help = "lines for people", .make = MakeTextSink},
    {.name = "json", .help = "one JSON object a line, for programs", .make = MakeJsonSink},
    {.name = "folded", .help = "maps of stacks as lines that draw flame graphs", .make = MakeFoldedSink},
    {.name = "svg", .help = "a picture: flame graphs, histograms, series", .make = MakeSvgSink},
};

}  // namespace

std::span<const SinkKind> SinkKinds() { return kSinkKinds; }

const SinkKind* FindSinkKind(std::string_view name) {
  const auto* found = std::ranges::find(kSinkKinds, name, &SinkKind::name);
  return found == std::end(kSinkKinds) ? nullptr : found;
}

}  // namespace sonde::output
