// What is said beside the data, on standard error.
#pragma once

#include <string>
#include <string_view>

#include "image/event.h"
#include "output/writer.h"

namespace sonde::output {

// "sonde: lost 12 events at x.bt:3:5 (printf): the ring buffer was full; a larger perf_rb_pages makes room"
std::string HelperErrorMessage(const image::HelperErrorEvent& event);
std::string LossMessage(const image::LossEvent& event);
// "Attached 2 probes"
std::string AttachedMessage(const image::AttachedEvent& event);

class Notices {
 public:
  Notices(Writer& data, int descriptor) : data_(data), descriptor_(descriptor) {}

  // A line. The data goes first: both may lead to one terminal, and lines keep their order there.
  void Say(std::string message);
  // What only a mistake of ours can cause; said once, since a record that is wrong seldom comes alone.
  void InternalError(std::string_view what);

 private:
  Writer& data_;
  int descriptor_;
  bool said_internal_error_ = false;
};

}  // namespace sonde::output
