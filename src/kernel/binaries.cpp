#include "kernel/binaries.h"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "base/consulted.h"
#include "base/glob.h"

namespace sonde::kernel {
namespace {

// The format of glibc (sysdeps/generic/dl-cache.h): "glibc-ld.so.cache1.1", two counts, then entries of 24 bytes; the
// offsets of their texts count from the start of that header.
constexpr std::string_view kCacheMagic = "glibc-ld.so.cache1.1";
constexpr size_t kCacheHeader = 48;
constexpr size_t kCacheEntry = 24;
constexpr uint32_t kCacheX8664 = 0x0300;
constexpr uint32_t kCacheArchitecture = 0xff00;

template <typename T>
T ReadAt(std::string_view bytes, size_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof(T)) {
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
  }
  return value;
}

std::string_view TextAt(std::string_view bytes, size_t offset) {
  if (offset >= bytes.size()) return {};
  const std::string_view rest = bytes.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsProgramFile(const std::string& path) {
  NoteConsulted(path);
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string LinkTarget(const std::string& path) {
  char target[4096];
  const ssize_t length = readlink(path.c_str(), target, sizeof(target));
  return length < 0 ? "" : std::string(target, static_cast<size_t>(length));
}

// In front of the paths that a process sees: empty when it sees what we see.
std::string RootOf(pid_t pid) {
  if (pid == 0) return "";
  const std::string process = fmt::format("/proc/{}", pid);
  const bool same = LinkTarget(process + "/ns/mnt") == LinkTarget("/proc/self/ns/mnt") &&
                    LinkTarget(process + "/root") == LinkTarget("/proc/self/root");
  return same ? "" : process + "/root";
}

// Files that the process has mapped as code.
std::vector<std::string> MappedFiles(pid_t pid) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  std::set<std::string> files;
  for (std::string line; std::getline(maps, line);) {
    // "address perms offset dev inode   path"
    const size_t blank = line.find(' ');
    const size_t path = line.find('/');
    if (blank == std::string::npos || path == std::string::npos || line.compare(blank + 3, 1, "x") != 0) continue;
    files.insert(line.substr(path));
  }
  return {files.begin(), files.end()};
}

std::vector<Binary> InProcess(std::string_view binary, pid_t pid) {
  const std::string root = RootOf(pid);
  std::vector<Binary> found;
  for (const std::string& file : MappedFiles(pid)) {
    const bool fits = binary == "*" || IsLibraryNamed(BaseName(file), binary);
    if (fits && IsProgramFile(root + file)) found.push_back({file, root + file});
  }
  return found;
}

std::vector<Binary> ByPath(const std::string& path, pid_t pid) {
  const std::string root = path.starts_with('/') ? RootOf(pid) : "";
  if (!HasWildcard(path)) {
    if (IsProgramFile(root + path)) return {{path, root + path}};
    return {};
  }
  NoteMomentary();  // files may come
  std::vector<Binary> found;
  glob_t matches{};
  if (glob((root + path).c_str(), 0, nullptr, &matches) == 0) {
    for (size_t i = 0; i < matches.gl_pathc; ++i) {
      const std::string match = matches.gl_pathv[i];
      if (IsProgramFile(match)) found.push_back({match.substr(root.size()), match});
    }
  }
  globfree(&matches);
  return found;
}

std::vector<Binary> InPath(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" : variable;
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    const std::string candidate = folder + "/" + program;
    if (!folder.empty() && IsProgramFile(candidate) && access(candidate.c_str(), X_OK) == 0) {
      return {{candidate, candidate}};
    }
  }
  return {};
}

std::vector<Binary> InCache(std::string_view library, const std::string& root) {
  NoteConsulted(root + "/etc/ld.so.cache");
  std::vector<Binary> found;
  for (const std::string& file : LibrariesInCache(ReadFile((root + "/etc/ld.so.cache").c_str()), library)) {
    if (IsProgramFile(root + file)) found.push_back({file, root + file});
  }
  return found;
}

std::unexpected<Error> NotFound(std::string_view binary, std::string reason) {
  return std::unexpected(Error{.operation = "find", .object = std::string(binary), .reason = std::move(reason)});
}

}  // namespace

std::string ProgramOf(pid_t pid) { return LinkTarget(fmt::format("/proc/{}/exe", pid)); }

bool IsLibraryNamed(std::string_view file, std::string_view library) {
  if (HasWildcard(library)) return GlobMatch(library, file);
  if (file == library) return true;
  return file.starts_with(library) && file.substr(library.size()).starts_with(".so");
}

std::vector<std::string> LibrariesInCache(std::string_view cache, std::string_view name) {
  const size_t start = cache.find(kCacheMagic);  // behind the older format, when that is there too
  if (start == std::string_view::npos) return {};
  cache.remove_prefix(start);
  const auto count = ReadAt<uint32_t>(cache, kCacheMagic.size());
  std::vector<std::string> files;
  for (size_t i = 0; i < count && kCacheHeader + (i + 1) * kCacheEntry <= cache.size(); ++i) {
    const size_t entry = kCacheHeader + i * kCacheEntry;
    if ((ReadAt<uint32_t>(cache, entry) & kCacheArchitecture) != kCacheX8664) continue;
    const std::string_view library = TextAt(cache, ReadAt<uint32_t>(cache, entry + 4));
    if (!IsLibraryNamed(library, name)) continue;
    std::string file(TextAt(cache, ReadAt<uint32_t>(cache, entry + 8)));
    if (std::ranges::find(files, file) == files.end()) files.push_back(std::move(file));
    if (!HasWildcard(name)) break;  // the newest stands first
  }
  return files;
}

Result<std::vector<Binary>> FindBinaries(std::string_view binary, pid_t pid) {
  const std::string name(binary);
  if (pid != 0) NoteMomentary();
  if (pid != 0 && access(fmt::format("/proc/{}", pid).c_str(), F_OK) != 0) {
    return std::unexpected(Error{.operation = "find process", .object = std::to_string(pid), .error_number = ESRCH});
  }
  if (binary == "*") {
    if (pid != 0) return InProcess(binary, pid);
    return NotFound(binary, "all files are meant only of a process; give its number by -p");
  }
  if (binary.find('/') != std::string_view::npos) {
    std::vector<Binary> found = ByPath(name, pid);
    if (found.empty()) return NotFound(binary, "there is no such file");
    return found;
  }
  std::vector<Binary> found;
  if (pid != 0) found = InProcess(binary, pid);
  if (found.empty() && binary.starts_with("lib")) found = InCache(binary, RootOf(pid));
  if (found.empty()) found = InPath(name);
  if (found.empty()) found = InCache(binary, RootOf(pid));
  if (found.empty()) {
    return NotFound(binary, pid == 0 ? "there is no program of this name in PATH, and no library in ld.so.cache"
                                     : "the process has mapped no such file, and PATH and ld.so.cache have none");
  }
  return found;
}

}  // namespace sonde::kernel
