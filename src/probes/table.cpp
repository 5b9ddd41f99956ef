#include "probes/probes.h"

namespace sonde::probes {

sema::ProbeTypeTable Table() {
  static constexpr const sema::ProbeType* kTable[] = {
#define SONDE_PROBE(name) &k##name,
#include "probes/list.def"
#undef SONDE_PROBE
  };
  return kTable;
}

}  // namespace sonde::probes
