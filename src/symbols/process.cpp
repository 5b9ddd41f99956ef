#include "symbols/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/unique_fd.h"

namespace sonde::symbols {
namespace {

constexpr auto kReadInterval = std::chrono::milliseconds(20);
// What else stands where a frame pointer led, in programs that have none.
constexpr uint64_t kLowestAddress = 0x10000;
constexpr uint64_t kHighestAddress = 0x7fff'ffff'ffff;

std::string ReadWhole(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  size_t held = 0;
  while (file.valid()) {
    text.resize(held + (32UL << 10));
    const ssize_t got = read(file.get(), text.data() + held, text.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    held += static_cast<size_t>(got);
  }
  text.resize(held);
  return text;
}

uint64_t TakeNumber(std::string_view& line, int base) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, base);
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (!line.empty()) line.remove_prefix(1);
  return number;
}

// "55d0c8a00000-55d0c8a02000 r-xp 00001000 fe:01 1835   /usr/bin/x" (proc_pid_maps(5)).
Mapping ParseMapping(std::string_view line) {
  Mapping mapping;
  mapping.start = TakeNumber(line, 16);
  mapping.end = TakeNumber(line, 16);
  mapping.is_executable = line.size() > 2 && line[2] == 'x';
  line.remove_prefix(std::min<size_t>(line.size(), 5));
  mapping.offset = TakeNumber(line, 16);
  const uint64_t major = TakeNumber(line, 16);
  mapping.device = major << 32 | TakeNumber(line, 16);
  mapping.inode = TakeNumber(line, 10);
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  mapping.path = line;
  return mapping;
}

std::string ProcPath(uint32_t pid, std::string_view name) { return fmt::format("/proc/{}/{}", pid, name); }

uint32_t OwnerOf(uint32_t pid) {
  struct stat status{};
  return stat(ProcPath(pid, "").c_str(), &status) == 0 ? status.st_uid : 0;
}

// The number that the process has for itself, by which it names its map: the last of NSpid.
uint32_t InnerPid(uint32_t pid) {
  const std::string status = ReadWhole(ProcPath(pid, "status"));
  const size_t line = status.find("\nNSpid:");
  if (line == std::string::npos) return pid;
  const std::string_view text = std::string_view(status).substr(line + 1, status.find('\n', line + 1) - line - 1);
  const size_t last = text.find_last_of('\t');
  uint32_t inner = pid;
  std::from_chars(text.data() + last + 1, text.data() + text.size(), inner);
  return inner;
}

std::vector<std::string> PerfMapPaths(uint32_t pid) {
  const uint32_t inner = InnerPid(pid);
  return {fmt::format("/proc/{}/root/tmp/perf-{}.map", pid, inner), fmt::format("/tmp/perf-{}.map", pid)};
}

}  // namespace

std::optional<Program> ProgramOf(uint32_t pid) {
  struct stat status{};
  if (stat(ProcPath(pid, "exe").c_str(), &status) != 0) return std::nullopt;
  return Program{.device = status.st_dev, .inode = status.st_ino};
}

Process::Process(uint32_t pid, Program program)
    : pid_(pid), program_(program), perf_map_(PerfMapPaths(pid), OwnerOf(pid)) {
  const std::string text = ReadWhole(ProcPath(pid, "maps"));
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    Mapping mapping = ParseMapping(std::string_view(text).substr(start, end - start));
    start = end + 1;
    if (mapping.inode != 0 || mapping.is_executable) mappings_.push_back(std::move(mapping));
  }
}

Mapping* Process::Find(uint64_t address) {
  const auto after = std::ranges::upper_bound(mappings_, address, {}, &Mapping::start);
  if (after == mappings_.begin()) return nullptr;
  Mapping& mapping = *std::prev(after);
  return address < mapping.end ? &mapping : nullptr;
}

void Process::Open(Mapping& mapping, const ObjectOpener& open) {
  if (mapping.is_opened) return;
  mapping.is_opened = true;
  if (mapping.inode != 0 || mapping.path == "[vdso]") mapping.object = open(mapping, pid_);
}

bool Process::MayHaveChanged() const {
  return hasty_reads_ > 0 || std::chrono::steady_clock::now() - read_at_ > kReadInterval;
}

bool Process::HasMappingsOf(const Process& other) const {
  return std::ranges::equal(mappings_, other.mappings_, [](const Mapping& a, const Mapping& b) {
    return a.start == b.start && a.end == b.end && a.offset == b.offset && a.inode == b.inode && a.device == b.device;
  });
}

bool Process::Prepare(std::span<const uint64_t> addresses, const ObjectOpener& open) {
  bool is_whole = true;
  for (const uint64_t address : addresses) {
    Mapping* mapping = Find(address);
    // Where data stood when the maps were read, code may have taken its place since.
    const bool is_code = mapping != nullptr && mapping->is_executable;
    if (mapping != nullptr) Open(*mapping, open);
    is_whole &= is_code || address < kLowestAddress || address > kHighestAddress;
  }
  return is_whole;
}

std::vector<image::Frame> Process::Describe(uint64_t address, bool is_return, const ObjectOpener& open) {
  const uint64_t within = address - (is_return ? 1 : 0);
  image::Frame frame{.address = address};
  Mapping* mapping = Find(within);
  // A call returns to code; what usym() is asked about may be a variable.
  if (mapping == nullptr || (is_return && !mapping->is_executable)) return {frame};
  Open(*mapping, open);
  frame.module = mapping->path;
  if (mapping->object == nullptr) {
    if (const auto found = perf_map_.At(within)) {
      frame.name = found->name;
      frame.offset = address - found->start;
    }
    return {frame};
  }
  const uint64_t offset = within - mapping->start + mapping->offset;
  if (auto found = mapping->object->AtOffset(offset)) {
    frame.name = std::move(found->name);
    frame.offset = found->offset + (is_return ? 1 : 0);
  }
  std::vector<image::Frame> frames;
  for (SourcePlace& place : mapping->object->Places(offset)) {
    image::Frame& added = frames.emplace_back(frame);
    if (place.line > 0) added.place = fmt::format("{}:{}", place.file, place.line);
    if (place.inlined.empty()) continue;
    added.name = std::move(place.inlined);
    added.offset = 0;
    added.is_inlined = true;
  }
  if (frames.empty()) frames.push_back(std::move(frame));
  return frames;
}

const std::vector<image::Frame>& Process::At(uint64_t address, bool is_return, const ObjectOpener& open) {
  auto [entry, is_new] = frames_[is_return ? 1 : 0].try_emplace(address);
  if (is_new) entry->second = Describe(address, is_return, open);
  return entry->second;
}

}  // namespace sonde::symbols
