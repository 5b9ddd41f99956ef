// The way from text to a file descriptor: one large buffer, written when it is full, when nothing more is waiting, or
// at line ends where somebody watches.
#pragma once

#include <cstddef>

#include "output/buffer.h"

namespace sonde::output {

// `-B`.
enum class Buffering {
  kAuto,  // by line on a terminal, else full
  kNone,  // after every event
  kLine,  // after every event that ended a line
  kFull,
};

class Writer {
 public:
  // The descriptor stays the caller's, and open as long as the writer lives.
  explicit Writer(int descriptor, Buffering buffering = Buffering::kAuto);
  ~Writer() { Flush(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Where text goes. What stands there before an event's first byte is no longer the caller's to change.
  Buffer& buffer() { return buffer_; }

  // An event, or a part of one that can be written alone, stands complete in the buffer.
  void EndEvent() {
    if (buffering_ == Buffering::kFull) {
      if (buffer_.size() >= kFlushSize) Flush();
      return;
    }
    EndWatchedEvent();
  }
  // Writes out everything. Where the descriptor does not block and takes no more, waits.
  void Flush();

  // False once a write failed (closed pipe, full disk); all further text is dropped.
  bool healthy() const { return error_number_ == 0; }
  int error_number() const { return error_number_; }
  bool is_terminal() const { return is_terminal_; }
  int descriptor() const { return descriptor_; }
  // Of the terminal, as wide as it is now; 80 where there is none.
  size_t columns() const;

 private:
  static constexpr size_t kFlushSize = size_t{128} << 10;
  static constexpr size_t kCapacity = kFlushSize + (size_t{16} << 10);  // an event may overshoot without growing it

  void EndWatchedEvent();

  int descriptor_;
  bool is_terminal_;
  Buffering buffering_;
  int error_number_ = 0;
  size_t event_start_ = 0;  // where the text starts that line ends were not looked for in
  Buffer buffer_;
};

// Writes all of it, through interrupted and partial writes. Returns 0 or the errno of what failed.
int WriteAll(int descriptor, std::string_view text);

}  // namespace sonde::output
