#include "output/pcap.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "output/writer.h"

namespace sonde::output {
namespace {

constexpr uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr uint32_t kLongestPacket = 262144;
constexpr uint32_t kLinkTypeRaw = 101;  // LINKTYPE_RAW: IPv4 or IPv6, by its first byte
constexpr int64_t kSecond = 1'000'000'000;

struct FileHeader {
  uint32_t magic = kMagicNanoseconds;
  uint16_t major = 2;
  uint16_t minor = 4;
  int32_t zone = 0;
  uint32_t accuracy = 0;
  uint32_t longest = kLongestPacket;
  uint32_t link_type = kLinkTypeRaw;
};
static_assert(sizeof(FileHeader) == 24);

struct PacketHeader {
  uint32_t seconds = 0;
  uint32_t nanoseconds = 0;
  uint32_t captured = 0;
  uint32_t length = 0;
};
static_assert(sizeof(PacketHeader) == 16);

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

CaptureFiles::File CaptureFiles::Create(const std::string& path) {
  File file{.descriptor = UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644))};
  file.problem = file.descriptor.valid() ? WriteAll(file.descriptor.get(), BytesOf(FileHeader{})) : errno;
  return file;
}

int CaptureFiles::Write(const std::string& path, int64_t realtime_ns, uint64_t length, std::string_view bytes) {
  auto known = files_.find(path);
  if (known == files_.end()) {
    known = files_.emplace(path, Create(path)).first;
    if (known->second.problem != 0) return known->second.problem;
  }
  File& file = known->second;
  if (file.problem != 0) return 0;  // told already
  const PacketHeader header{.seconds = static_cast<uint32_t>(realtime_ns / kSecond),
                            .nanoseconds = static_cast<uint32_t>(realtime_ns % kSecond),
                            .captured = static_cast<uint32_t>(bytes.size()),
                            .length = static_cast<uint32_t>(std::max<uint64_t>(length, bytes.size()))};
  std::string packet(BytesOf(header));
  packet += bytes;
  file.problem = WriteAll(file.descriptor.get(), packet);
  return file.problem;
}

}  // namespace sonde::output
