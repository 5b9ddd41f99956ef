#include "output/writer.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace sonde::output {

Writer::Writer(int descriptor, Buffering buffering)
    : descriptor_(descriptor), is_terminal_(isatty(descriptor) == 1), buffering_(buffering), buffer_(kCapacity) {
  if (buffering_ == Buffering::kAuto) buffering_ = is_terminal_ ? Buffering::kLine : Buffering::kFull;
}

size_t Writer::columns() const {
  constexpr size_t kDefault = 80;
  winsize size{};
  if (!is_terminal_ || ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefault;
  return size.ws_col;
}

void Writer::EndWatchedEvent() {
  const bool ended_line = buffer_.From(event_start_).find('\n') != std::string_view::npos;
  event_start_ = buffer_.size();
  if (buffering_ == Buffering::kNone || ended_line || buffer_.size() >= kFlushSize) Flush();
}

void Writer::Flush() {
  if (error_number_ == 0 && buffer_.size() > 0) error_number_ = WriteAll(descriptor_, buffer_.view());
  buffer_.Clear();
  event_start_ = 0;
}

int WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (written == 0) return EIO;  // no device that we know does this; without it we would loop
    if (errno == EAGAIN) {
      pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (poll(&waiting, 1, -1) < 0 && errno != EINTR) return errno;
      continue;
    }
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace sonde::output
