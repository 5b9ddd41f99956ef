#include "runtime/readers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>

#include "runtime/unix_peer.h"

namespace sonde::runtime {
namespace {

// Documentation/admin-guide/devices.txt.
constexpr unsigned kFirstPtyMajor = 136;
constexpr unsigned kLastPtyMajor = 143;
const dev_t kPtyMaster = makedev(5, 2);

// What is written to: the same thing in another process is its reading side.
struct Channel {
  enum class Kind { kPipe, kTerminal, kSocket } kind = Kind::kPipe;
  uint64_t inode = 0;  // of the pipe, of the socket at the other end; the number of a terminal
  dev_t device = 0;    // of a pipe

  bool operator==(const Channel&) const = default;
};

struct Descriptor {
  std::string path;  // "/proc/7/fd/1"
  mode_t mode = 0;
  uint64_t inode = 0;
  dev_t device = 0;
  dev_t special = 0;
};

// Never waits, as a stat of a file on a server that is gone would.
std::optional<Descriptor> Look(std::string path) {
  struct statx status{};
  if (statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &status) != 0) return {};
  return Descriptor{.path = std::move(path),
                    .mode = status.stx_mode,
                    .inode = status.stx_ino,
                    .device = makedev(status.stx_dev_major, status.stx_dev_minor),
                    .special = makedev(status.stx_rdev_major, status.stx_rdev_minor)};
}

std::optional<uint64_t> TerminalNumber(const Descriptor& descriptor) {
  const unsigned driver = major(descriptor.special);
  if (!S_ISCHR(descriptor.mode) || driver < kFirstPtyMajor || driver > kLastPtyMajor) return {};
  return uint64_t{driver - kFirstPtyMajor} * 256 + minor(descriptor.special);
}

std::optional<Channel> ChannelOf(const Descriptor& descriptor) {
  if (S_ISFIFO(descriptor.mode)) {
    return Channel{.kind = Channel::Kind::kPipe, .inode = descriptor.inode, .device = descriptor.device};
  }
  if (const auto number = TerminalNumber(descriptor)) return Channel{.kind = Channel::Kind::kTerminal, .inode = *number};
  if (!S_ISSOCK(descriptor.mode)) return {};
  const auto peer = UnixPeer(descriptor.inode);
  return peer ? std::optional(Channel{.kind = Channel::Kind::kSocket, .inode = *peer}) : std::nullopt;
}

// A line "key:\tnumber" of a descriptor's fdinfo.
std::optional<uint64_t> Info(const Descriptor& descriptor, std::string_view key, int base) {
  std::string path = descriptor.path;
  path.replace(path.rfind("/fd/"), 4, "/fdinfo/");
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key) || line.size() <= key.size() + 2) continue;
    return std::strtoull(line.c_str() + key.size() + 2, nullptr, base);
  }
  return {};
}

bool MayRead(const Descriptor& descriptor) {
  const auto flags = Info(descriptor, "flags", 8);
  return flags && (*flags & O_ACCMODE) != O_WRONLY;
}

bool IsReadingSide(const Descriptor& descriptor, const Channel& channel) {
  switch (channel.kind) {
    case Channel::Kind::kPipe:
      return S_ISFIFO(descriptor.mode) && descriptor.inode == channel.inode && descriptor.device == channel.device &&
             MayRead(descriptor);
    case Channel::Kind::kSocket:
      return S_ISSOCK(descriptor.mode) && descriptor.inode == channel.inode;
    case Channel::Kind::kTerminal:
      return S_ISCHR(descriptor.mode) && descriptor.special == kPtyMaster &&
             Info(descriptor, "tty-index", 10) == channel.inode;
  }
  return false;
}

std::vector<std::string> Entries(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), closedir);
  std::vector<std::string> names;
  if (open == nullptr) return names;
  while (const dirent* entry = readdir(open.get())) {
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') names.emplace_back(entry->d_name);
  }
  return names;
}

pid_t Number(const std::string& name) { return static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)); }

pid_t ParentOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');  // "7 (a name) S 1 …"
  return name_end == std::string::npos ? 0 : Number(text.substr(std::min(name_end + 4, text.size())));
}

std::string NameOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

// Whoever reads what we write is mostly near: in our session, or what we descend from.
class Processes {
 public:
  Processes() {
    std::vector<pid_t> ancestors;
    for (pid_t pid = getppid(); pid > 0 && ancestors.size() < 64; pid = ParentOf(pid)) ancestors.push_back(pid);
    const pid_t session = getsid(0);
    for (const std::string& name : Entries("/proc")) {
      const pid_t pid = Number(name);
      if (pid == getpid()) continue;
      const bool is_near = getsid(pid) == session || std::ranges::find(ancestors, pid) != ancestors.end();
      (is_near ? near_ : far_).push_back(pid);
    }
  }

  std::vector<pid_t> ReadersOf(const Channel& channel) const {
    std::vector<pid_t> found = Search(near_, channel);
    return found.empty() ? Search(far_, channel) : found;
  }

 private:
  static std::vector<pid_t> Search(const std::vector<pid_t>& pids, const Channel& channel) {
    std::vector<pid_t> found;
    for (const pid_t pid : pids) {
      const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
      for (const std::string& name : Entries(folder)) {
        const auto descriptor = Look(folder + name);
        if (!descriptor || !IsReadingSide(*descriptor, channel)) continue;
        found.push_back(pid);
        break;
      }
    }
    return found;
  }

  std::vector<pid_t> near_;
  std::vector<pid_t> far_;
};

// What a reader writes because it reads: its standard output; a terminal's holder may be a multiplexer, which writes to
// other terminals.
std::vector<Channel> OutputsOf(pid_t pid, bool holds_terminal) {
  std::vector<Channel> channels;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  for (const std::string& name : holds_terminal ? Entries(folder) : std::vector<std::string>{"1"}) {
    const auto descriptor = Look(folder + name);
    if (!descriptor || (name != "1" && !TerminalNumber(*descriptor))) continue;
    if (const auto channel = ChannelOf(*descriptor)) channels.push_back(*channel);
  }
  return channels;
}

// Where the kernel does not tell whose the other end of a socket is: who asked to listen there.
std::optional<pid_t> ListenerOf(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return credentials.pid > 0 ? std::optional(credentials.pid) : std::nullopt;
}

}  // namespace

std::vector<Reader> FindReaders(int descriptor, size_t limit) {
  std::vector<Reader> readers;
  const auto add = [&](pid_t pid) {
    const bool is_new = pid != getpid() && readers.size() < limit &&
                        std::ranges::find(readers, pid, &Reader::pid) == readers.end();
    if (is_new) readers.push_back({.pid = pid, .name = NameOf(pid)});
    return is_new;
  };
  const auto own = Look("/proc/self/fd/" + std::to_string(descriptor));
  if (!own || (!S_ISFIFO(own->mode) && !S_ISCHR(own->mode) && !S_ISSOCK(own->mode))) return readers;
  const auto channel = ChannelOf(*own);
  if (!channel) {
    if (const auto pid = S_ISSOCK(own->mode) ? ListenerOf(descriptor) : std::nullopt) add(*pid);
    return readers;
  }
  const Processes processes;
  std::vector<Channel> known{*channel};
  for (size_t i = 0; i < known.size() && readers.size() < limit; ++i) {
    const Channel at = known[i];
    for (const pid_t pid : processes.ReadersOf(at)) {
      if (!add(pid)) continue;
      for (const Channel& next : OutputsOf(pid, at.kind == Channel::Kind::kTerminal)) {
        if (std::ranges::find(known, next) == known.end()) known.push_back(next);
      }
    }
  }
  return readers;
}

}  // namespace sonde::runtime
