// What to trace in place of a function that the kernel does not let be traced.
#pragma once

#include <string>
#include <string_view>

#include "kernel/kernel_view.h"

namespace sonde::kernel {

// "tracepoints with 'read' in their name: …" of vfs_read, system calls of that name first; empty where there are none.
std::string TracepointsAbout(KernelView& kernel, std::string_view function);

}  // namespace sonde::kernel
