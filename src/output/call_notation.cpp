#include "output/call_notation.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "image/symbols.h"

namespace sonde::output::notation {

using image::SymbolicText;

std::string Quoted(std::string_view text, size_t shown, bool is_cut) {
  std::string out = "\"";
  for (size_t i = 0; i < std::min(text.size(), shown); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    constexpr std::string_view kNamed = "\t\n\v\f\r";
    const size_t named = kNamed.find(text[i]);
    if (byte == '"' || byte == '\\') {
      out += {'\\', text[i]};
    } else if (named != std::string_view::npos) {
      out += {'\\', "tnvfr"[named]};
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += text[i];
    } else {
      const bool digit_follows = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
      out += digit_follows ? fmt::format("\\{:03o}", byte) : fmt::format("\\{:o}", byte);
    }
  }
  out += '"';
  if (is_cut || text.size() > shown) out += "...";
  return out;
}

std::string HexQuoted(std::string_view bytes, int64_t length) {
  std::string out = "\"";
  for (const char c : bytes.substr(0, kShownBytes)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out + (length > static_cast<int64_t>(kShownBytes) ? "\"..." : "\"");
}

namespace {

std::string Mode(uint64_t mode) {
  const std::string type(image::SymbolOf("file_type", mode & 0170000));
  if (type.empty()) return fmt::format("{:#03o}", mode);
  std::string out = type;
  if ((mode & 04000) != 0) out += "|S_ISUID";
  if ((mode & 02000) != 0) out += "|S_ISGID";
  if ((mode & 01000) != 0) out += "|S_ISVTX";
  return fmt::format("{}|{:#03o}", out, mode & 0777);
}

}  // namespace

std::string Pointer(uint64_t address) { return address == 0 ? "NULL" : fmt::format("{:#x}", address); }

std::string Time(std::string_view bytes, size_t offset, const char* fraction) {
  return fmt::format("{{tv_sec={}, {}={}}}", Get<int64_t>(bytes, offset), fraction, Get<int64_t>(bytes, offset + 8));
}

std::string SignalSet(uint64_t set) {
  std::string out = "[";
  const bool is_complement = __builtin_popcountll(set) > 32;
  if (is_complement) set = ~set;
  for (uint64_t signal = 1; signal <= 64; ++signal) {
    if ((set >> (signal - 1) & 1) == 0) continue;
    std::string name = SymbolicText("signal", signal);
    if (name.starts_with("SIG")) name = name.substr(3);
    if (signal > 32) name = fmt::format("RT_{}", signal - 32);
    if (out.size() > 1) out += ' ';
    out += name;
  }
  return (is_complement ? "~" : "") + out + "]";
}

std::string Limit(uint64_t value) {
  if (value == UINT64_MAX) return "RLIM64_INFINITY";
  return value > 1024 && value % 1024 == 0 ? fmt::format("{}*1024", value / 1024) : fmt::format("{}", value);
}

std::string SocketAddress(std::string_view bytes) {
  if (bytes.size() < 2) return "{}";
  const auto family = Get<uint16_t>(bytes, 0);
  const std::string name = SymbolicText("af", family);
  if (family == AF_UNIX) {
    std::string_view path = bytes.substr(2);
    if (!path.empty() && path[0] == '\0') {
      return fmt::format("{{sa_family=AF_UNIX, sun_path=@{}}}", Quoted(path.substr(1), path.size()));
    }
    path = path.substr(0, path.find('\0'));
    if (path.empty()) return "{sa_family=AF_UNIX}";
    return fmt::format("{{sa_family=AF_UNIX, sun_path={}}}", Quoted(path, path.size()));
  }
  const uint16_t port = ntohs(Get<uint16_t>(bytes, 2));
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family == AF_INET && bytes.size() >= 8) {
    inet_ntop(AF_INET, bytes.data() + 4, text.data(), text.size());
    return fmt::format("{{sa_family=AF_INET, sin_port=htons({}), sin_addr=inet_addr(\"{}\")}}", port, text.data());
  }
  if (family == AF_INET6 && bytes.size() >= 28) {
    inet_ntop(AF_INET6, bytes.data() + 8, text.data(), text.size());
    return fmt::format(
        "{{sa_family=AF_INET6, sin6_port=htons({}), sin6_flowinfo=htonl({}), inet_pton(AF_INET6, \"{}\", &sin6_addr), "
        "sin6_scope_id={}}}",
        port, ntohl(Get<uint32_t>(bytes, 4)), text.data(), Get<uint32_t>(bytes, 24));
  }
  if (family == AF_NETLINK) {
    return fmt::format("{{sa_family=AF_NETLINK, nl_pid={}, nl_groups={:08x}}}", Get<uint32_t>(bytes, 4),
                       Get<uint32_t>(bytes, 8));
  }
  return fmt::format("{{sa_family={}, sa_data={}}}", name, Quoted(bytes.substr(2), 14));
}

std::string Stat(std::string_view b) {
  const auto mode = Get<uint32_t>(b, 24);
  const auto device = Get<uint64_t>(b, 40);
  if ((mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK) {
    const uint64_t major = (device >> 8 & 0xfff) | (device >> 32 & ~uint64_t{0xfff});
    const uint64_t minor = (device & 0xff) | (device >> 12 & ~uint64_t{0xff});
    return fmt::format("{{st_mode={}, st_rdev=makedev({:#x}, {:#x}), ...}}", Mode(mode), major, minor);
  }
  return fmt::format("{{st_mode={}, st_size={}, ...}}", Mode(mode), Get<int64_t>(b, 48));
}

std::string Statx(std::string_view b) {
  return fmt::format("{{stx_mask={}, stx_attributes={}, stx_mode={}, stx_size={}, ...}}",
                     SymbolicText("statx_mask", Get<uint32_t>(b, 0)),
                     Get<uint64_t>(b, 8) == 0 ? "0" : fmt::format("{:#x}", Get<uint64_t>(b, 8)),
                     Mode(Get<uint16_t>(b, 28)), Get<uint64_t>(b, 40));
}

std::string Sigaction(std::string_view b) {
  const auto handler = Get<uint64_t>(b, 0);
  const std::string_view named = image::SymbolOf("sighandler", handler);
  const auto flags = Get<uint64_t>(b, 8);
  std::string out = fmt::format("{{sa_handler={}, sa_mask={}, sa_flags={}",
                                named.empty() ? fmt::format("{:#x}", handler) : std::string(named),
                                SignalSet(Get<uint64_t>(b, 24)), SymbolicText("sigaction", flags));
  if ((flags & 0x04000000) != 0) out += fmt::format(", sa_restorer={:#x}", Get<uint64_t>(b, 16));
  return out + "}";
}

std::string WaitStatus(int status) {
  if (WIFEXITED(status)) return fmt::format("[{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}]", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    return fmt::format("[{{WIFSIGNALED(s) && WTERMSIG(s) == {}{}}}]",
                       SymbolicText("signal", static_cast<uint64_t>(WTERMSIG(status))),
                       WCOREDUMP(status) ? " && WCOREDUMP(s)" : "");
  }
  if (WIFSTOPPED(status)) {
    return fmt::format("[{{WIFSTOPPED(s) && WSTOPSIG(s) == {}}}]",
                       SymbolicText("signal", static_cast<uint64_t>(WSTOPSIG(status))));
  }
  return "[{WIFCONTINUED(s)}]";
}

namespace {

std::string Text(std::string_view bytes, size_t offset, size_t size) {
  std::string_view text = bytes.substr(std::min(offset, bytes.size()), size);
  return Quoted(text.substr(0, text.find('\0')), size);
}

}  // namespace

std::string Utsname(std::string_view b) {
  return fmt::format("{{sysname={}, nodename={}, ...}}", Text(b, 0, 65), Text(b, 65, 65));
}

std::string SystemInformation(std::string_view b) {
  auto word = [&](size_t index) { return Get<uint64_t>(b, 8 * index); };
  return fmt::format(
      "{{uptime={}, loads=[{}, {}, {}], totalram={}, freeram={}, sharedram={}, bufferram={}, totalswap={}, "
      "freeswap={}, "
      "procs={}, totalhigh={}, freehigh={}, mem_unit={}}}",
      word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7), word(8), word(9), Get<uint16_t>(b, 80),
      word(11), word(12), Get<uint32_t>(b, 104));
}

std::string CloneFlags(uint64_t flags, uint64_t signal) { return SymbolicText("clone", flags | signal); }

std::string CloneArguments(std::string_view b) {
  const auto flags = Get<uint64_t>(b, 0);
  std::string out = fmt::format("{{flags={}", CloneFlags(flags, 0));
  auto pointer = [&](const char* name, size_t offset, uint64_t wanted) {
    if ((flags & wanted) != 0) out += fmt::format(", {}={:#x}", name, Get<uint64_t>(b, offset));
  };
  pointer("child_tid", 16, 0x01200000);
  pointer("parent_tid", 24, 0x00100000);
  const auto signal = Get<uint64_t>(b, 32);
  out += fmt::format(", exit_signal={}", signal == 0 ? "0" : SymbolicText("signal", signal));
  out += fmt::format(", stack={}, stack_size={:#x}", Pointer(Get<uint64_t>(b, 40)), Get<uint64_t>(b, 48));
  pointer("tls", 56, 0x00080000);
  return out + "}";
}

std::string SignalStack(std::string_view b) {
  const auto flags = Get<uint32_t>(b, 8);
  return fmt::format("{{ss_sp={}, ss_flags={}, ss_size={}}}", Pointer(Get<uint64_t>(b, 0)),
                     flags == 2   ? "SS_DISABLE"
                     : flags == 1 ? "SS_ONSTACK"
                                  : fmt::format("{}", flags),
                     Get<uint64_t>(b, 16));
}

std::string Futex(uint64_t operation) {
  std::string text = SymbolicText("futex", operation & ~uint64_t{128});
  if ((operation & 128) == 0) return text;
  return text.insert(std::min(text.find('|'), text.size()), "_PRIVATE");
}

}  // namespace sonde::output::notation
