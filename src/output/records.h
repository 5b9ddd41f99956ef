// The records of an image's events: checked before a byte of them is read, and turned into text by what the event is.
#pragma once

#include <optional>
#include <vector>

#include "image/event.h"
#include "output/pcap.h"
#include "output/printf.h"
#include "output/sink_options.h"
#include "output/value.h"

namespace sonde::output {

class Records {
 public:
  // `image` must be consistent (image::Inconsistency), and live as long as this does.
  Records(const image::Image& image, bool escape, const SinkOptions& options);

  Values& values() { return values_; }

  // The event that a record says it is of; null when there is none or the record is shorter than its slots.
  const image::EventSpec* Identify(Bytes record) const;

  // What printf, time and join print, without join's line end. Nothing is appended, and the result false, when a slot
  // points outside of the record.
  bool AppendText(Buffer& out, const image::EventSpec& spec, Bytes record);
  // Writes a packet to its capture file: 0, or an errno that was not told before. False parts of a record are dropped.
  int WritePacket(const image::EventSpec& spec, Bytes record);
  // The value of print(value), likewise without its line end.
  bool AppendValue(Buffer& out, const image::EventSpec& spec, Bytes record);

 private:
  bool AppendIncomplete(Buffer& out, const image::EventSpec& spec, Bytes record);

  Values values_;
  CaptureFiles captures_;
  std::vector<PreparedFormat> formats_;  // one for each of Image::events
};

}  // namespace sonde::output
