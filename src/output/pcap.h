// Packets that a script writes to capture files (skboutput): pcap with nanoseconds, link type raw IP.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "output/value.h"

namespace sonde::output {

class CaptureFiles {
 public:
  // Creates the file at its first packet. `length` is that of the whole packet, of which `bytes` may be the start.
  // Returns 0 or an errno; a file that failed is not tried again.
  int Write(const std::string& path, int64_t realtime_ns, uint64_t length, std::string_view bytes);

 private:
  struct File {
    UniqueFd descriptor;
    int problem = 0;
  };
  static File Create(const std::string& path);

  std::map<std::string, File, std::less<>> files_;
};

}  // namespace sonde::output
