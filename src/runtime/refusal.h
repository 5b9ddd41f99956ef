// Why the kernel refuses something of BPF, in words that help.
#pragma once

#include <string>

#include "base/result.h"
#include "kernel/kernel_view.h"

namespace sonde::runtime {

// For a failed bpf() or perf_event_open() call. Fills `reason` and `remedy` where the cause is known: missing
// capabilities, lockdown, limits.
Error Refused(std::string operation, std::string object, int error_number, const kernel::KernelView& kernel);
// The same for a program that failed to load; `log` is the verifier's, if it got that far.
Error ProgramRefused(const std::string& covers, int error_number, std::string log, const kernel::KernelView& kernel);

// Raises RLIMIT_MEMLOCK, once. True when a failed call is worth another try: only kernels before 5.11 count BPF memory
// against that limit, so nobody else should hear of it.
bool RaiseMemoryLimit();

}  // namespace sonde::runtime
