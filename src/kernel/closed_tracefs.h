// Tracepoints as they are known without tracefs, which is for root alone (mode 0700): system calls by tables, other events
// by the kernel's BTF.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kernel/btf.h"
#include "kernel/kernel_view.h"

namespace sonde::kernel {

// The fields of an event's record, as its struct trace_event_raw_* has them; its number, which only tracefs tells, is 0.
// Events that share a struct have it under another name: those are not known.
std::optional<TracepointFormat> FormatWithoutTracefs(const Btf* btf, std::string_view category, std::string_view event);

// Events that match, as far as they can be known: those of `syscalls`, and others by whole names, whose category is not
// looked at. Empty when they cannot.
std::optional<std::vector<TracepointName>> MatchWithoutTracefs(const Btf* btf, std::string_view category,
                                                               std::string_view event);

}  // namespace sonde::kernel
