// What all sinks are told by the command line.
#pragma once

#include "output/clock.h"

namespace sonde::image {
class Symbols;
}

namespace sonde::output {

enum class EscapeControls { kOnTerminal, kAlways, kNever };

struct SinkOptions {
  bool quiet = false;                                   // `-q`: not a word about attached probes
  EscapeControls escape = EscapeControls::kOnTerminal;  // control characters that traced processes made up
  int error_descriptor = 2;                             // for what is no data
  image::Symbols* symbols = nullptr;                    // null: addresses stay numbers
  Clock::OffsetFunction realtime_offset = RealtimeOffset;
};

}  // namespace sonde::output
