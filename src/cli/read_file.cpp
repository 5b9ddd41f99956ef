#include "cli/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/unique_fd.h"

namespace sonde::cli {
namespace {

// Source spans count bytes in 32 bits.
constexpr size_t kMaxScriptBytes = size_t{1} << 30;

Result<std::string> ReadAll(int descriptor, const std::string& name) {
  std::string text;
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t got = read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", name);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(got));
    if (text.size() > kMaxScriptBytes) {
      return std::unexpected(Error{.operation = "read", .object = name, .reason = "it is larger than 1 GiB"});
    }
  }
}

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  if (path == "-") return ReadAll(STDIN_FILENO, "standard input");
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path);
  return ReadAll(file.get(), path);
}

}  // namespace sonde::cli
