// watchpoint: the processor stops where a process reads, writes or executes an address.
#include <fmt/format.h>
#include <linux/hw_breakpoint.h>

#include "probes/period.h"
#include "probes/probes.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

// Above are addresses of the kernel (Documentation/arch/x86/x86_64/mm.rst).
constexpr uint64_t kLastUserAddress = (1ULL << 47) - 1;

// "rw" as HW_BREAKPOINT_*; 0 when it is none that the processor has.
uint32_t ModeOf(std::string_view text) {
  uint32_t mode = 0;
  for (const char c : text) {
    const uint32_t bit = c == 'r' ? HW_BREAKPOINT_R : c == 'w' ? HW_BREAKPOINT_W : c == 'x' ? HW_BREAKPOINT_X : 0;
    if (bit == 0 || (mode & bit) != 0) return 0;
    mode |= bit;
  }
  const bool is_known = mode == HW_BREAKPOINT_W || mode == HW_BREAKPOINT_RW || mode == HW_BREAKPOINT_X;
  return is_known ? mode : 0;
}

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const auto refuse = [&](std::string message, std::string hint) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, std::move(message)).Hint(std::move(hint));
    return std::vector<sema::ProbePoint>();
  };
  if (spec.parts.size() != 4) {
    return refuse(fmt::format("'{}' is no watchpoint:address:length:mode", spec.text), "watchpoint:0x7f0010:8:w");
  }
  const std::optional<uint64_t> address = NumberOrHex(spec.parts[1].text);
  const std::optional<uint64_t> length = NumberOrHex(spec.parts[2].text);
  const uint32_t mode = ModeOf(spec.parts[3].text);
  if (!address || *address == 0) {
    return refuse(fmt::format("'{}' is no address", spec.parts[1].text), "watchpoint:0x7f0010:8:w");
  }
  if (!length || (*length != 1 && *length != 2 && *length != 4 && *length != 8)) {
    return refuse("the processor watches 1, 2, 4 or 8 bytes", "watchpoint:0x7f0010:8:w");
  }
  if (mode == 0) {
    return refuse(fmt::format("'{}' is no mode of rwx that the processor has", spec.parts[3].text),
                  "w: writes; rw: reads and writes; x: execution");
  }
  if (*address % *length != 0) {
    return refuse(fmt::format("the address is no multiple of its length, {}", *length), "watch fewer bytes");
  }
  const bool is_kernel = *address > kLastUserAddress;
  if (!is_kernel && !context.has_process) {
    return refuse("a watchpoint needs to know whose address it is", "name the process: -p PID, or -c COMMAND");
  }
  std::vector<sema::ProbePoint> points;
  points.push_back(
      {.name = spec.text, .hook = sema::HookWatchpoint{*address, static_cast<uint32_t>(*length), mode, is_kernel}});
  return points;
}

constexpr std::string_view kShortNames[] = {"w"};

}  // namespace

const sema::ProbeType kWatchpoint{.name = "watchpoint",
                                  .short_names = kShortNames,
                                  .spec = "watchpoint:address:length:mode",
                                  .summary = "Where a process (-p, -c) reads, writes or executes an address.",
                                  .address_space = sema::AddressSpace::kUser,
                                  .expand = Expand};

}  // namespace sonde::probes
