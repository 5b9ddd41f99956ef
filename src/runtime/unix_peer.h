// Who is at the other end of a socket of this machine.
#pragma once

#include <cstdint>
#include <optional>

namespace sonde::runtime {

// The inode of the socket that a connected AF_UNIX socket, given by its inode, is connected to; nothing where the kernel
// does not tell (CONFIG_UNIX_DIAG) or there is none.
std::optional<uint64_t> UnixPeer(uint64_t inode);

}  // namespace sonde::runtime
