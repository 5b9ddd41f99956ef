// What a script has the tracer do besides printing: commands that it runs (system) and files that it shows (cat). Both
// are bounded, so that the reader of the rings is never away for long.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace sonde::output {

// The first bytes of a file into `text`; waits but a moment for one that has none yet. Returns 0 or an errno.
int ReadStart(const std::string& path, uint64_t max_bytes, std::string& text);

// Shell commands. One that does not end soon goes on beside the reader.
class Commands {
 public:
  // A command that has ended, and what it wrote to its standard output.
  struct Finished {
    std::string output;
  };

  Commands() = default;
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  // Starts it and waits a moment. Its standard output is collected, or goes to `descriptor` when that is not -1.
  // Returns 0 or the errno of a command that could not be started.
  int Run(const std::string& command, int descriptor);
  // Those that have ended since the last call. `at_end`: waits a moment for the others, and ends them then.
  std::vector<Finished> Take(bool at_end);
  bool IsIdle() const { return running_.empty(); }

 private:
  struct Running {
    pid_t pid = 0;
    UniqueFd process;  // readable once it has ended
    UniqueFd pipe;
    std::string output;
    bool has_ended = false;
  };

  // Reads what is there and notes whether it has ended; waits so long for either.
  static void Watch(Running& command, int milliseconds);

  std::vector<Running> running_;
};

}  // namespace sonde::output
