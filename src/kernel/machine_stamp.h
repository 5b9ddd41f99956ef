// What tells whether a compiled script still fits: the running kernel, its modules, its CPUs, and what this process may
// see and do.
#pragma once

#include <string>

namespace sonde::kernel {

// Text that changes whenever one of them does. Takes a tenth of a millisecond: nothing is looked up, small files are read.
std::string MachineStamp();

}  // namespace sonde::kernel
