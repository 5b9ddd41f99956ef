// /tmp/perf-PID.map: what a just-in-time compiler says of the code that it has made, a line "START SIZE NAME" each, in
// hexadecimal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::symbols {

struct PerfMapEntry {
  uint64_t size = 0;
  std::string name;
};

class PerfMap {
 public:
  // `paths` are tried in turn. Only a file of `owner`, or of root, is believed.
  PerfMap(std::vector<std::string> paths, uint32_t owner) : paths_(std::move(paths)), owner_(owner) {}

  struct Found {
    uint64_t start = 0;
    std::string_view name;
  };
  // Reads on in the file when the address is not known and the file has grown.
  std::optional<Found> At(uint64_t address);

 private:
  void ReadOn();
  void ParseLine(std::string_view line);

  std::vector<std::string> paths_;
  uint32_t owner_;
  std::map<uint64_t, PerfMapEntry> entries_;  // by start; a later line takes the place of those it lies over
  uint64_t read_ = 0;
};

}  // namespace sonde::symbols
