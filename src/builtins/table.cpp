#include "builtins/builtins.h"

namespace sonde::builtins {

sema::BuiltinTable Table() {
  static constexpr const sema::Builtin* kTable[] = {
#define SONDE_BUILTIN(name) &k##name,
#include "builtins/list.def"
#undef SONDE_BUILTIN
  };
  return kTable;
}

}  // namespace sonde::builtins
