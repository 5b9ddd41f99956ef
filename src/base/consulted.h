// What a compilation has read beside the script and beside what stays the same until the machine is started anew: programs
// and libraries that are probed, headers, imports. A compiled script can be used again while all of it is unchanged.
//
// The few functions that look at such things note it here, for whoever records on the same thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sonde {

// What tells one state of a file from the next; all 0 when there is no such file. Of a folder only which it is and who may
// write to it: not what comes and goes in it.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t bytes = 0;
  int64_t modified = 0;  // nanoseconds
  int64_t changed = 0;   // likewise: of the file or its permissions
  uint32_t mode = 0;     // type and permissions
  uint32_t owner = 0;
  bool operator==(const FileStamp&) const = default;
};

FileStamp StampOf(const std::string& path);

struct Consulted {
  std::map<std::string, FileStamp> files;  // by path; those too that were looked for and not found
  bool is_momentary = false;               // something was read that has no stamp
};

// To be called before a file is read, or once it was found missing.
void NoteConsulted(const std::string& path);
// For what has no stamp: processes, the BPF programs that are loaded, addresses.
void NoteMomentary();

// Everything that is noted on this thread while it lives goes into `into`.
class ConsultedRecorder {
 public:
  explicit ConsultedRecorder(Consulted& into);
  ~ConsultedRecorder();
  ConsultedRecorder(const ConsultedRecorder&) = delete;
  ConsultedRecorder& operator=(const ConsultedRecorder&) = delete;

 private:
  Consulted* outer_;
};

}  // namespace sonde
