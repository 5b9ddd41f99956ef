// Syscall numbers of x86-64 by the names of the syscall tracepoints.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sonde::kernel {

struct SyscallRow {
  uint16_t number = 0;
  std::string_view name;  // as in `sys_enter_<name>`
};

// Every x86-64 syscall that has, or in some kernel had, a tracepoint pair; sorted by number.
std::span<const SyscallRow> SyscallTable();

// `name` without `sys_enter_`.
std::optional<int> SyscallNumberOf(std::string_view name);
// Empty for a number that no row has.
std::string_view SyscallNameOf(int number);

}  // namespace sonde::kernel
