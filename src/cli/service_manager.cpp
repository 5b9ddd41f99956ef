#include "cli/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "base/unique_fd.h"

namespace sonde::cli {

ServiceManager ServiceManager::FromEnvironment() {
  ServiceManager manager;
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) manager.socket_ = socket;
  unsetenv("NOTIFY_SOCKET");
  return manager;
}

bool ServiceManager::Tell(std::string_view assignments) const {
  if (socket_.empty()) return true;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const bool is_local = socket_.front() == '/' || socket_.front() == '@';
  if (!is_local || socket_.size() >= sizeof(address.sun_path)) return false;
  std::ranges::copy(socket_, address.sun_path);
  // An abstract name begins with a NUL and has no other at its end.
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return false;
  const ssize_t sent = sendto(socket.get(), assignments.data(), assignments.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), length);
  return sent == static_cast<ssize_t>(assignments.size());
}

}  // namespace sonde::cli
