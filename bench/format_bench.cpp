// What a line of output costs in the reader: printf("%d %s %d\n", pid, comm, cpu) and relatives, from a record's bytes
// to /dev/null. Prints nanoseconds a line, the best of several rounds.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <vector>

#include "image/event.h"
#include "output/sinks.h"

namespace {

using namespace sonde;

constexpr int kRounds = 7;
constexpr int kLines = 1'000'000;

struct Case {
  std::string_view name;
  std::string_view sink;
  bool is_padded = false;
  bool is_on_terminal = false;  // control characters are looked for
};

image::FormatStep Step(std::string literal, char conversion, uint32_t slot, int32_t width) {
  return {.literal = std::move(literal), .conversion = conversion, .width = width, .slot = slot};
}

// Slots: uint32 pid, tail string comm, uint32 cpu.
image::Image MakeImage(bool is_padded) {
  const int32_t width = is_padded ? 10 : -1;
  image::Image image;
  image.types = {{}, {.kind = image::ValueKind::kInt, .size = 4}, {.kind = image::ValueKind::kTailString, .size = 8}};
  image.events = {
      {.kind = image::EventKind::kPrintf,
       .function = "printf",
       .slots = {{8, 1}, {16, 2}, {24, 1}},
       .fixed_size = 32,
       .max_size = 48,
       .format = {Step("", 'd', 0, width), Step(" ", 's', 1, width), Step(" ", 'd', 2, width), {.literal = "\n"}}}};
  return image;
}

std::vector<std::byte> MakeRecord() {
  constexpr std::string_view kComm = "format_bench";
  std::vector<std::byte> record(32 + kComm.size());
  const auto put = [&](size_t offset, auto value) { std::memcpy(record.data() + offset, &value, sizeof value); };
  put(8, uint32_t{1234567});
  put(16, image::TailRef{32, static_cast<uint32_t>(kComm.size())});
  put(24, uint32_t{3});
  std::memcpy(record.data() + 32, kComm.data(), kComm.size());
  return record;
}

double NanosecondsPerLine(const Case& which, int descriptor) {
  const image::Image image = MakeImage(which.is_padded);
  const std::vector<std::byte> record = MakeRecord();
  output::SinkOptions options;
  if (which.is_on_terminal) options.escape = output::EscapeControls::kAlways;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    output::Writer writer(descriptor, output::Buffering::kFull);
    const auto sink = output::FindSinkKind(which.sink)->make(image, writer, options);
    const auto start = std::chrono::steady_clock::now();
    for (int line = 0; line < kLines; ++line) sink->Emit(image::RecordEvent{image.events.data(), record});
    sink->Flush();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count() / kLines);
  }
  return best;
}

}  // namespace

int main() {
  const int descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return 1;
  constexpr Case kCases[] = {{"printf plain", "text"},
                             {"printf padded", "text", true},
                             {"printf plain, controls escaped", "text", false, true},
                             {"printf plain as json", "json"}};
  for (const Case& which : kCases) {
    fmt::print("{:<32} {:6.1f} ns/line\n", which.name, NanosecondsPerLine(which, descriptor));
  }
  close(descriptor);
  return 0;
}
