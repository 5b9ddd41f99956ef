#include "output/call.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "image/abi.h"
#include "image/symbols.h"
#include "image/syscall_shapes.h"
#include "output/call_notation.h"
#include "output/value.h"

namespace sonde::output {
namespace {

using image::ArgumentShape;
using image::Fetch;
using image::SymbolicText;
using namespace notation;  // which is there for this file alone

constexpr size_t kShownTexts = 32;

struct Chunk {
  image::ChunkHeader header;
  std::string_view bytes;
};

class CallWriter {
 public:
  CallWriter(Buffer& out, const Values& values) : out_(out), values_(values) {}

  bool Run(std::string_view bytes) {
    if (bytes.size() < sizeof(image::CallHeader)) return false;
    std::memcpy(&header_, bytes.data(), sizeof header_);
    bytes.remove_prefix(sizeof header_);
    while (bytes.size() >= sizeof(image::ChunkHeader)) {
      Chunk chunk;
      std::memcpy(&chunk.header, bytes.data(), sizeof chunk.header);
      bytes.remove_prefix(sizeof chunk.header);
      if (chunk.header.length > bytes.size()) return false;
      chunk.bytes = bytes.substr(0, chunk.header.length);
      bytes.remove_prefix(chunk.header.length);
      chunks_.push_back(chunk);
    }
    Write();
    return true;
  }

 private:
  int Number() const { return static_cast<int32_t>(header_.number); }
  uint64_t Argument(size_t i) const { return i < 6 ? header_.arguments[i] : 0; }
  int32_t Int(size_t i) const { return static_cast<int32_t>(Argument(i)); }
  bool Failed() const { return header_.result < 0 && header_.result >= -4095; }

  static bool IsPath(const Chunk& chunk) { return chunk.header.fetch == static_cast<uint8_t>(Fetch::kPath); }

  const Chunk* Find(size_t argument, bool is_path = false) const {
    for (const Chunk& chunk : chunks_) {
      if (chunk.header.argument == argument && IsPath(chunk) == is_path) return &chunk;
    }
    return nullptr;
  }

  // "</etc/passwd>" of a descriptor, where it was captured: see image::kPathOfResult.
  std::string PathOf(size_t place) const {
    const Chunk* chunk = Find(place, true);
    const Chunk* before = Find(image::kPathBefore, true);
    if (before != nullptr && place == ReplacedDescriptor()) chunk = before;
    if (chunk == nullptr || chunk->bytes.empty()) return "";
    constexpr std::string_view kDeleted = " (deleted)";
    std::string_view path = chunk->bytes;
    const bool is_deleted = path.starts_with('/') && path.ends_with(kDeleted);
    if (is_deleted) path.remove_suffix(kDeleted.size());
    const std::string quoted = Quoted(path, path.size());
    return fmt::format("<{}>{}", std::string_view(quoted).substr(1, quoted.size() - 2), is_deleted ? "(deleted)" : "");
  }

  // The argument whose descriptor leads elsewhere when the call has ended: of close, dup2, dup3. kPathBefore: none.
  size_t ReplacedDescriptor() const {
    if (Number() == 3) return 0;
    return Number() == 33 || Number() == 292 ? 1 : image::kPathBefore;
  }

  void Write() {
    shape_ = image::FindSyscallShape(Number());
    std::string_view name = values_.ProbeName(static_cast<uint32_t>(header_.number >> 32));
    name = name.substr(name.rfind(':') + 1);
    out_.Append(shape_ != nullptr ? shape_->name : name);
    out_.Append('(');
    const size_t count = shape_ != nullptr ? shape_->arguments.size() : 6;
    bool is_first = true;
    for (size_t i = 0; i < count; ++i) {
      const std::string text = shape_ != nullptr ? Render(i, shape_->arguments[i]) : fmt::format("{:#x}", Argument(i));
      if (text.empty()) continue;
      if (!is_first) out_.Append(", ");
      is_first = false;
      out_.Append(text);
    }
    out_.Append(") = ");
    out_.Append(Result());
  }

  std::string Result() const {
    const int64_t result = header_.result;
    if (Failed()) {
      const auto code = static_cast<uint64_t>(-result);
      const std::string name = SymbolicText("errno", code);
      if (code == 516) return "? ERESTART_RESTARTBLOCK (Interrupted by signal)";
      if (code == 514) return "? ERESTARTNOHAND (To be restarted if no handler)";
      if (code == 513) return "? ERESTARTNOINTR (To be restarted)";
      if (code == 512) return "? ERESTARTSYS (To be restarted if SA_RESTART is set)";
      return fmt::format("-1 {} ({})", name, code < 512 ? strerrordesc_np(static_cast<int>(code)) : "Unknown error");
    }
    const std::string_view kind = shape_ == nullptr ? "" : shape_->result;
    if (kind == "fd") return fmt::format("{}{}", result, PathOf(image::kPathOfResult));
    if (kind == "hex") return result == 0 ? "0" : fmt::format("{:#x}", result);
    if (kind == "mode") return fmt::format("{:#03o}", result);
    if (kind == "poll") return Polled();
    if (kind == "fcntl") return Controlled();
    return fmt::format("{}", result);
  }

  std::string Controlled() const {
    const auto result = static_cast<uint64_t>(header_.result);
    if (Int(1) == 3) return fmt::format("{:#x} (flags {})", result, SymbolicText("open", result));
    if (Int(1) == 1) return result == 0 ? "0" : fmt::format("{:#x} (flags {})", result, SymbolicText("fd", result));
    const bool is_duplicate = Int(1) == 0 || Int(1) == 1030;  // F_DUPFD, F_DUPFD_CLOEXEC
    return fmt::format("{}{}", result, is_duplicate ? PathOf(image::kPathOfResult) : "");
  }

  std::string Polled() const {
    if (header_.result == 0) return "0 (Timeout)";
    std::string ready;
    const Chunk* chunk = Find(0);
    for (size_t at = 0; chunk != nullptr && at + 8 <= chunk->bytes.size(); at += 8) {
      const auto events = Get<uint16_t>(chunk->bytes, at + 6);
      if (events == 0) continue;
      if (!ready.empty()) ready += ", ";
      ready += fmt::format("{{fd={}, revents={}}}", Get<int32_t>(chunk->bytes, at), SymbolicText("poll", events));
    }
    return fmt::format("{} ([{}])", header_.result, ready);
  }

  // Empty: the argument is not shown.
  std::string Render(size_t i, const ArgumentShape& shape) const {
    const std::string_view kind = shape.kind;
    const uint64_t value = Argument(i);
    if (Number() == kCloneNumber && i > 0) return "";  // told with its flags
    if (kind == "prctl_more") return TakesOneArgument() ? "" : Pointer(value);
    if (kind == "fd") return fmt::format("{}{}", Int(i), PathOf(i));
    if (kind == "dec") return fmt::format("{}", Signed(i, kind));
    if (kind == "udec") return fmt::format("{}", static_cast<uint32_t>(value));
    if (kind == "size") return fmt::format("{}", value);
    if (kind == "hex") return Pointer(value);
    if (kind == "plainhex" || kind == "offset") return value == 0 ? "0" : fmt::format("{:#x}", value);
    if (kind == "dirfd") return SymbolicText("dirfd", static_cast<uint32_t>(value)) + PathOf(i);
    if (kind == "flags") return Flags(value, shape.table);
    if (kind == "openflags") return SymbolicText("open", static_cast<uint32_t>(value));
    if (kind == "mode") return OpensWithoutMode(i) ? "" : fmt::format("{:#03o}", static_cast<uint16_t>(value));
    if (kind == "fcntl") return ControlArgument(i);
    if (kind == "prctl") return PrctlArgument(i);
    if (kind == "ioctl") return IoctlArgument(i);
    if (kind == "futex") return FutexArguments();
    if (kind == "hidden" || kind == "futex_time") return "";
    if (kind == "protocol") return Protocol(value);
    if (kind == "resuming") return "<... resuming interrupted system call ...>";
    if (kind == "clone_flags") return CloneCall();
    return Pointed(i, shape);
  }

  static constexpr int kCloneNumber = 56;
  static constexpr uint64_t kParentSetTid = 0x00100000;  // CLONE_PARENT_SETTID

  // What does not fit an int is a 64-bit offset.
  int64_t Signed(size_t i, std::string_view kind) const {
    constexpr std::array<int, 12> kWide = {8, 17, 18, 76, 77, 285, 295, 296, 221, 157, 40, 326};
    const bool is_wide = kind == "dec" && std::ranges::find(kWide, Number()) != kWide.end();
    return is_wide ? static_cast<int64_t>(Argument(i)) : Int(i);
  }

  static std::string Flags(uint64_t value, std::string_view table) {
    if (table == "ioctl" || table == "af" || table == "socktype")
      return SymbolicText(table, static_cast<uint32_t>(value));
    return SymbolicText(table, table == "dirfd" || table == "rusage"
                                   ? static_cast<uint64_t>(static_cast<int32_t>(value))
                                   : static_cast<uint32_t>(value));
  }

  bool OpensWithoutMode(size_t i) const {
    if (i == 0 || shape_->arguments[i - 1].kind != "openflags") return false;
    constexpr uint64_t kCreates = 0100 | 020000000;  // O_CREAT, O_TMPFILE without O_DIRECTORY
    return (Argument(i - 1) & kCreates) == 0;
  }

  std::string ControlArgument(size_t i) const {
    switch (Int(1)) {
      case 1:  // F_GETFD, F_GETFL, F_GETOWN, F_GETPIPE_SZ, F_GET_SEALS
      case 3:
      case 9:
      case 1032:
      case 1034:
        return "";
      case 2:
        return SymbolicText("fd", Argument(i));
      case 4:
        return SymbolicText("open", static_cast<uint32_t>(Argument(i)));
      case 5:
      case 6:
      case 7:
        return Pointer(Argument(i));
      default:
        return fmt::format("{}", Int(i));
    }
  }

  bool TakesOneArgument() const {
    constexpr std::array<int, 10> kOptions = {1, 2, 3, 4, 15, 16, 23, 24, 29, 30};
    return std::ranges::find(kOptions, Int(0)) != kOptions.end();
  }

  std::string PrctlArgument(size_t i) const {
    constexpr int kSetName = 15;
    const Chunk* chunk = Find(i);
    if (Int(0) == kSetName && chunk != nullptr) return Quoted(chunk->bytes, 16);
    return Pointer(Argument(i));
  }

  std::string IoctlArgument(size_t i) const {
    constexpr uint32_t kWindowSize = 0x5413;
    constexpr std::array<uint32_t, 4> kIntegers = {0x5410, 0x540f, 0x541b, 0x5421};
    const auto request = static_cast<uint32_t>(Argument(1));
    const Chunk* chunk = Find(i);
    if (chunk != nullptr && !Failed() && request == kWindowSize) {
      const std::string_view b = chunk->bytes;
      return fmt::format("{{ws_row={}, ws_col={}, ws_xpixel={}, ws_ypixel={}}}", Get<uint16_t>(b, 0),
                         Get<uint16_t>(b, 2), Get<uint16_t>(b, 4), Get<uint16_t>(b, 6));
    }
    if (chunk != nullptr && !Failed() && std::ranges::find(kIntegers, request) != kIntegers.end()) {
      return fmt::format("[{}]", Get<int32_t>(chunk->bytes, 0));
    }
    return Pointer(Argument(i));
  }

  // Numbers of their own in each family.
  std::string Protocol(uint64_t value) const {
    const int family = Int(0);
    if (family == AF_INET || family == AF_INET6) return Flags(value, "protocol");
    if (family == AF_NETLINK && value == 0) return "NETLINK_ROUTE";
    return fmt::format("{}", static_cast<int32_t>(value));
  }

  std::string FutexTime() const {
    const Chunk* chunk = Find(3);
    return chunk == nullptr ? Pointer(Argument(3)) : Time(chunk->bytes, 0, "tv_nsec");
  }

  std::string FutexArguments() const {
    const std::string operation = Futex(static_cast<uint32_t>(Argument(1)));
    const uint32_t value = static_cast<uint32_t>(Argument(2));
    switch (Argument(1) & 0x7f) {
      case 0:  // FUTEX_WAIT
        return fmt::format("{}, {}, {}", operation, value, FutexTime());
      case 1:  // FUTEX_WAKE
        return fmt::format("{}, {}", operation, Int(2));
      case 9:  // FUTEX_WAIT_BITSET
        return fmt::format("{}, {}, {}, {}", operation, value, FutexTime(), Bits(5));
      case 10:  // FUTEX_WAKE_BITSET
        return fmt::format("{}, {}, {}", operation, Int(2), Bits(5));
      default:
        return fmt::format("{}, {}, {}, {}, {}", operation, value, Pointer(Argument(3)), Pointer(Argument(4)),
                           static_cast<uint32_t>(Argument(5)));
    }
  }

  std::string Bits(size_t i) const {
    const auto bits = static_cast<uint32_t>(Argument(i));
    return bits == UINT32_MAX ? "FUTEX_BITSET_MATCH_ANY" : fmt::format("{:#x}", bits);
  }

  std::string CloneCall() const {
    const uint64_t flags = Argument(0);
    std::string out = fmt::format("child_stack={}, flags={}", Pointer(Argument(1)), CloneFlags(flags, 0));
    if ((flags & kParentSetTid) != 0) {
      out += Failed() ? fmt::format(", parent_tid={:#x}", Argument(2)) : fmt::format(", parent_tid=[{}]", header_.result);
    }
    if ((flags & 0x01200000) != 0) out += fmt::format(", child_tidptr={}", Pointer(Argument(3)));
    if ((flags & 0x00080000) != 0) out += fmt::format(", tls={:#x}", Argument(4));
    return out;
  }

  // What an argument leads to; its address where that was not read.
  std::string Pointed(size_t i, const ArgumentShape& shape) const {
    const Chunk* chunk = Find(i);
    if (chunk == nullptr) return Pointer(Argument(i));
    const std::string_view b = chunk->bytes;
    const std::string_view kind = shape.kind;
    switch (shape.fetch) {
      case Fetch::kText:
        return kind == "text_out" && Failed() ? Pointer(Argument(i))
                                              : Quoted(b, image::kMaxText, b.size() + 1 == image::kMaxText);
      case Fetch::kBytesIn:
        return Quoted(b, kShownBytes, Argument(shape.other) > kShownBytes);
      case Fetch::kBytesOut:
        if (kind == "random") return HexQuoted(b, header_.result);
        return Quoted(b, kShownBytes, header_.result > static_cast<int64_t>(kShownBytes));
      case Fetch::kTexts:
        return Texts(i);
      case Fetch::kCount:
        return fmt::format("{:#x} /* {} var{} */", Argument(i), Get<uint32_t>(b, 0),
                           Get<uint32_t>(b, 0) == 1 ? "" : "s");
      case Fetch::kEntries:
        return fmt::format("{:#x} /* {} entr{} */", Argument(i), Get<uint32_t>(b, 0),
                           Get<uint32_t>(b, 0) == 1 ? "y" : "ies");
      case Fetch::kVectorIn:
      case Fetch::kVectorOut:
        return Vectors(i);
      case Fetch::kNothing:
      case Fetch::kIn:
      case Fetch::kOut:
      case Fetch::kArrayIn:
      case Fetch::kArrayOut:
      case Fetch::kPath:
        return Structure(i, kind, b);
    }
    return {};
  }

  std::string Texts(size_t argument) const {
    std::string out = "[";
    size_t count = 0;
    for (const Chunk& chunk : chunks_) {
      if (chunk.header.argument != argument || IsPath(chunk)) continue;
      if (count > 0) out += ", ";
      if (count++ == kShownTexts) {
        out += "...";
        break;
      }
      out += Quoted(chunk.bytes, kShownBytes);
    }
    return out + "]";
  }

  std::string Vectors(size_t argument) const {
    std::string out = "[";
    for (const Chunk& chunk : chunks_) {
      if (chunk.header.argument != argument || IsPath(chunk)) continue;
      const auto length = Get<uint64_t>(chunk.bytes, 8);
      const std::string_view data = chunk.bytes.substr(std::min<size_t>(16, chunk.bytes.size()));
      if (out.size() > 1) out += ", ";
      out += fmt::format("{{iov_base={}, iov_len={}}}", Quoted(data, kShownBytes, data.size() > kShownBytes), length);
    }
    return out + "]";
  }

  std::string Polls(std::string_view b) const {
    std::string out = "[";
    for (size_t at = 0; at + 8 <= b.size(); at += 8) {
      if (at > 0) out += ", ";
      const std::string path = at / 8 < image::kPathsOfPoll ? PathOf(image::kPathOfPoll + at / 8) : "";
      out += fmt::format("{{fd={}{}, events={}}}", Get<int32_t>(b, at), path,
                         SymbolicText("poll", Get<uint16_t>(b, at + 4)));
    }
    return out + "]";
  }

  static std::string Processors(std::string_view b) {
    std::string out = "[";
    for (size_t i = 0; i < b.size() * 8; ++i) {
      if ((static_cast<unsigned char>(b[i / 8]) >> (i % 8) & 1) == 0) continue;
      if (out.size() > 1) out += ' ';
      out += fmt::format("{}", i);
    }
    return out + "]";
  }

  static std::string EpollEvent(std::string_view b, size_t at) {
    const auto data = Get<uint64_t>(b, at + 4);
    return fmt::format("{{events={}, data={{u32={}, u64={}}}}}", SymbolicText("epoll", Get<uint32_t>(b, at)),
                       static_cast<uint32_t>(data),
                       data > 0xffffffff ? fmt::format("{:#x}", data) : fmt::format("{}", data));
  }

  std::string EpollEvents(std::string_view b) const {
    std::string out = "[";
    for (size_t at = 0; at + 12 <= b.size(); at += 12) {
      if (at > 0) out += ", ";
      out += EpollEvent(b, at);
    }
    return out + "]";
  }

  std::string Interval(std::string_view b, const char* fraction) const {
    return fmt::format("{{it_interval={}, it_value={}}}", Time(b, 0, fraction), Time(b, 16, fraction));
  }

  std::string Structure(size_t i, std::string_view kind, std::string_view b) const {
    if (kind == "stat") return Stat(b);
    if (kind == "statx") return Statx(b);
    if (kind == "sockaddr") return SocketAddress(b);
    if (kind == "sockaddr_out") {
      const Chunk* length = Find(i + 1);
      return SocketAddress(b.substr(0, length == nullptr ? b.size() : Get<uint32_t>(length->bytes, 0)));
    }
    if (kind == "length_out" || kind == "int_in" || kind == "int_out") return fmt::format("[{}]", Get<int32_t>(b, 0));
    if (kind == "offset_pointer") return fmt::format("[{}]", Get<int64_t>(b, 0));
    if (kind == "pipe") {
      return fmt::format("[{}{}, {}{}]", Get<int32_t>(b, 0), PathOf(image::kPathOfPair), Get<int32_t>(b, 4),
                         PathOf(image::kPathOfPair + 1));
    }
    if (kind == "status") return header_.result == 0 ? Pointer(Argument(i)) : WaitStatus(Get<int32_t>(b, 0));
    if (kind == "timespec" || kind == "timespec_out") return Time(b, 0, "tv_nsec");
    if (kind == "timespec_rest") return IsInterrupted() ? Time(b, 0, "tv_nsec") : Pointer(Argument(i));
    if (kind == "timeval" || kind == "timeval_out") return Time(b, 0, "tv_usec");
    if (kind == "times") return TwoTimes(b);
    if (kind == "itimerval" || kind == "itimerval_out") return Interval(b, "tv_usec");
    if (kind == "itimerspec" || kind == "itimerspec_out") return Interval(b, "tv_nsec");
    if (kind == "sigset" || kind == "sigset_out") return SignalSet(Get<uint64_t>(b, 0));
    if (kind == "sigaction" || kind == "sigaction_out") return Sigaction(b);
    if (kind == "sigstack" || kind == "sigstack_out") return SignalStack(b);
    if (kind == "rlimit" || kind == "rlimit_out") {
      return fmt::format("{{rlim_cur={}, rlim_max={}}}", Limit(Get<uint64_t>(b, 0)), Limit(Get<uint64_t>(b, 8)));
    }
    if (kind == "rusage") {
      return fmt::format("{{ru_utime={}, ru_stime={}, ...}}", Time(b, 0, "tv_usec"), Time(b, 16, "tv_usec"));
    }
    if (kind == "utsname") return Utsname(b);
    if (kind == "pollfds") return Polls(b);
    if (kind == "cpus" || kind == "cpus_out") return Processors(b);
    if (kind == "epoll_event") return EpollEvent(b, 0);
    if (kind == "epoll_events") return EpollEvents(b);
    if (kind == "clone_args") return CloneArguments(b) + GivenThread(Get<uint64_t>(b, 0));
    if (kind == "sysinfo") return SystemInformation(b);
    return Pointer(Argument(i));
  }

  // What the kernel has put where the parent asked for it is what the call returned.
  std::string GivenThread(uint64_t flags) const {
    if (Failed() || (flags & kParentSetTid) == 0) return "";
    return fmt::format(" => {{parent_tid=[{}]}}", header_.result);
  }

  bool IsInterrupted() const { return header_.result == -516 || header_.result == -4; }

  static std::string TwoTimes(std::string_view b) {
    auto one = [&](size_t at) -> std::string {
      const auto nanoseconds = Get<int64_t>(b, at + 8);
      if (nanoseconds == 0x3fffffff) return "UTIME_NOW";
      if (nanoseconds == 0x3ffffffe) return "UTIME_OMIT";
      return Time(b, at, "tv_nsec");
    };
    return fmt::format("[{}, {}]", one(0), one(16));
  }

  Buffer& out_;
  const Values& values_;
  image::CallHeader header_;
  std::vector<Chunk> chunks_;
  const image::SyscallShape* shape_ = nullptr;
};

}  // namespace

bool AppendCall(Buffer& out, const Values& values, std::string_view bytes) {
  return CallWriter(out, values).Run(bytes);
}

}  // namespace sonde::output
