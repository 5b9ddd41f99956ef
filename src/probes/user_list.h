// -l of probes in programs: what a spec would expand to.
#pragma once

#include <vector>

#include "sema/probe_type.h"

namespace sonde::probes {

using ExpandFunction = std::vector<sema::ProbePoint> (*)(sema::ExpandContext& context, const parser::ProbeSpec& spec);

// Sorted by name, each once. A pattern that names a program alone means all that it has.
Result<std::vector<sema::ListedProbe>> ListByExpansion(const sema::ProgramQuestion& question, ExpandFunction expand);

}  // namespace sonde::probes
