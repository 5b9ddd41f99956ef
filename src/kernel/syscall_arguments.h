// The arguments of system calls by the names of their tracepoints.
#pragma once

#include <optional>
#include <string_view>

namespace sonde::kernel {

// "int dfd, const char * filename, int flags, umode_t mode" of "openat"; empty for a call that is not known.
std::optional<std::string_view> SyscallArguments(std::string_view name);

}  // namespace sonde::kernel
