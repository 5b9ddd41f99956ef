// The processor's registers as programs see them: struct pt_regs (arch/x86/include/uapi/asm/ptrace.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sonde::kernel {

inline constexpr uint32_t kRegisterAx = 80;
inline constexpr uint32_t kRegisterIp = 128;
inline constexpr uint32_t kRegisterSp = 152;
// Arguments of functions, in order (System V ABI).
inline constexpr std::array<uint32_t, 6> kArgumentRegisters = {112, 104, 96, 88, 72, 64};

// A register, or a part of one, by its name in assembly: "rax", "eax", "ax", "al", "ah", "r8d".
struct RegisterPart {
  uint32_t offset = 0;  // bytes from the start of struct pt_regs
  uint32_t size = 8;    // bytes
  uint32_t shift = 0;   // bits: 8 of ah, bh, ch, dh
};
std::optional<RegisterPart> RegisterByAssemblyName(std::string_view name);

// The offset of a whole register by the kernel's name for it ("ax", "ip", "flags"), or the processor's ("rax").
std::optional<uint32_t> RegisterByName(std::string_view name);

// All names of the kernel, for messages.
std::string_view RegisterNames();

}  // namespace sonde::kernel
