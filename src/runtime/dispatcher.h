// Takes records out of the rings apart: what is to be printed goes to the sink, what is to be done to a map is done,
// in the order in which the script said so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/event.h"
#include "image/image.h"
#include "runtime/maps.h"

namespace sonde::runtime {

class Dispatcher {
 public:
  // `maps`: one per Image::maps. All must outlive the dispatcher.
  Dispatcher(const image::Image& image, std::vector<MapHandle> maps, image::Sink& sink);

  // Nothing in the record is trusted: one whose id, size or strings do not fit is counted and dropped.
  void Handle(std::span<const std::byte> record);

  // Every map that is to be printed at exit and was ever filled, in order.
  void PrintMapsAtExit();

  // All maps of the script as they are now; those that cannot be read are left out. Another thread may ask.
  std::vector<image::MapEvent> Snapshot() const;

  bool exit_requested() const { return exit_requested_; }
  // A record that was not handled here.
  void CountMalformed() { ++malformed_; }
  uint64_t malformed() const { return malformed_; }
  // The first map that could not be read or written.
  const std::optional<Error>& error() const { return error_; }

 private:
  bool IsWellFormed(const image::EventSpec& spec, std::span<const std::byte> record) const;
  void Act(const image::EventSpec& spec, std::span<const std::byte> record);
  void Print(const MapHandle& map, const image::EventSpec* print);
  void Remember(const Result<void>& result);

  const image::Image& image_;
  std::vector<MapHandle> maps_;
  image::Sink& sink_;
  // By event: offsets of the slots that are a TailRef.
  std::vector<std::vector<uint32_t>> tail_slots_;
  std::vector<bool> zeroed_;  // by map: was set to zero, which at exit is a value to print
  bool exit_requested_ = false;
  uint64_t malformed_ = 0;
  std::optional<Error> error_;
};

}  // namespace sonde::runtime
