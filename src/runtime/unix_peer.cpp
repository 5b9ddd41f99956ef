#include "runtime/unix_peer.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/unique_fd.h"

namespace sonde::runtime {
namespace {

struct Request {
  nlmsghdr header{};
  unix_diag_req body{};
};

std::optional<uint64_t> PeerOf(const nlmsghdr* answer) {
  if (answer->nlmsg_type != SOCK_DIAG_BY_FAMILY || answer->nlmsg_len < NLMSG_LENGTH(sizeof(unix_diag_msg))) return {};
  const auto* message = static_cast<const unix_diag_msg*>(NLMSG_DATA(answer));
  auto left = static_cast<int>(answer->nlmsg_len - NLMSG_LENGTH(sizeof(unix_diag_msg)));
  for (const auto* at = reinterpret_cast<const rtattr*>(message + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    if (at->rta_type != UNIX_DIAG_PEER || RTA_PAYLOAD(at) < sizeof(uint32_t)) continue;
    uint32_t peer = 0;
    std::memcpy(&peer, RTA_DATA(at), sizeof(peer));
    if (peer != 0) return peer;
  }
  return {};
}

}  // namespace

std::optional<uint64_t> UnixPeer(uint64_t inode) {
  const UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.valid()) return {};
  Request request;
  request.header = {.nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST};
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_states = UINT32_MAX;
  request.body.udiag_ino = static_cast<uint32_t>(inode);
  request.body.udiag_show = UDIAG_SHOW_PEER;
  request.body.udiag_cookie[0] = request.body.udiag_cookie[1] = UINT32_MAX;  // INET_DIAG_NOCOOKIE
  if (send(netlink.get(), &request, sizeof(request), 0) != sizeof(request)) return {};
  alignas(nlmsghdr) std::array<char, 4096> buffer;
  const ssize_t got = recv(netlink.get(), buffer.data(), buffer.size(), 0);
  const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (got < static_cast<ssize_t>(sizeof(nlmsghdr)) || answer->nlmsg_len > static_cast<size_t>(got)) return {};
  return PeerOf(answer);
}

}  // namespace sonde::runtime
