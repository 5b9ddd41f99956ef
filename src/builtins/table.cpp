#include <vector>

#include "builtins/builtins.h"

namespace sonde::builtins {

sema::BuiltinTable Table() {
  static const std::vector<const sema::Builtin*> table = [] {
    std::vector<const sema::Builtin*> all = {
#define SONDE_BUILTIN(name) &k##name,
#include "builtins/list.def"
#undef SONDE_BUILTIN
    };
    return all;
  }();
  return table;
}

}  // namespace sonde::builtins
