#include <vector>

#include "probes/probes.h"

namespace sonde::probes {

sema::ProbeTypeTable Table() {
  static const std::vector<const sema::ProbeType*> table = [] {
    std::vector<const sema::ProbeType*> all = {
#define SONDE_PROBE(name) &k##name,
#include "probes/list.def"
#undef SONDE_PROBE
    };
    for (const sema::ProbeType& type : NotBuiltYet()) all.push_back(&type);
    return all;
  }();
  return table;
}

}  // namespace sonde::probes
