// src/probes: one descriptor for each probe type. Adding one: a file, a line in list.def, and, for a new mechanism, a
// hook in sema/program.h and an attach function in src/runtime.
#pragma once

#include "sema/probe_type.h"

namespace sonde::probes {

sema::ProbeTypeTable Table();

// Probe types of the language that are known and refused: "… is not supported yet".
std::span<const sema::ProbeType> NotBuiltYet();

#define SONDE_PROBE(name) extern const sema::ProbeType k##name;
#include "probes/list.def"
#undef SONDE_PROBE

}  // namespace sonde::probes
