#include "symbols/perf_map.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "base/unique_fd.h"

namespace sonde::symbols {
namespace {

constexpr size_t kReadBytes = 64UL << 10;
constexpr uint64_t kLargestFile = 256UL << 20;

bool TakeHex(std::string_view& line, uint64_t* number) {
  if (line.starts_with("0x")) line.remove_prefix(2);
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), *number, 16);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (!line.starts_with(' ')) return false;
  line.remove_prefix(1);
  return true;
}

}  // namespace

void PerfMap::ParseLine(std::string_view line) {
  uint64_t start = 0;
  uint64_t size = 0;
  if (!TakeHex(line, &start) || !TakeHex(line, &size) || line.empty()) return;
  const uint64_t end = size == 0 ? start + 1 : start + size;
  // Code that was thrown away leaves its lines behind.
  auto next = entries_.lower_bound(start);
  if (next != entries_.begin() && std::prev(next)->first + std::prev(next)->second.size > start) --next;
  while (next != entries_.end() && next->first < end) next = entries_.erase(next);
  entries_[start] = {.size = size, .name = std::string(line)};
}

void PerfMap::ReadOn() {
  for (const std::string& path : paths_) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status{};
    if (!file.valid() || fstat(file.get(), &status) != 0) continue;
    if (!S_ISREG(status.st_mode) || (status.st_uid != owner_ && status.st_uid != 0)) continue;
    const auto size = static_cast<uint64_t>(status.st_size);
    if (size <= read_ || size > kLargestFile) return;
    std::string text(kReadBytes, '\0');
    size_t held = 0;
    ssize_t got = 0;
    while ((got = pread(file.get(), text.data() + held, text.size() - held, static_cast<off_t>(read_))) > 0) {
      read_ += static_cast<uint64_t>(got);
      held += static_cast<size_t>(got);
      std::string_view rest(text.data(), held);
      for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        ParseLine(rest.substr(0, end));
        rest.remove_prefix(end + 1);
      }
      held = rest.size() == text.size() ? 0 : rest.size();  // no line is that long
      std::copy(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(held), text.begin());
    }
    read_ -= held;  // a line that is still being written
    return;
  }
}

std::optional<PerfMap::Found> PerfMap::At(uint64_t address) {
  for (const bool again : {true, false}) {
    const auto after = entries_.upper_bound(address);
    if (after != entries_.begin()) {
      const auto& [start, entry] = *std::prev(after);
      if (address - start < entry.size || address == start) return Found{.start = start, .name = entry.name};
    }
    if (again) ReadOn();
  }
  return std::nullopt;
}

}  // namespace sonde::symbols
