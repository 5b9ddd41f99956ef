#include "kernel/libdw.h"

#include <dlfcn.h>

#include <optional>

namespace sonde::kernel {
namespace {

std::optional<Libdw> Load() {
  void* library = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Libdw loaded;
  bool has_all = true;
#define SONDE_LOAD(function)                                                                \
  loaded.function = reinterpret_cast<decltype(loaded.function)>(dlsym(library, #function)); \
  has_all = has_all && loaded.function != nullptr;
  SONDE_LIBDW_FUNCTIONS(SONDE_LOAD)
#undef SONDE_LOAD
  if (!has_all) return std::nullopt;
  return loaded;
}

}  // namespace

const Libdw* OpenLibdw() {
  static const std::optional<Libdw> loaded = Load();
  return loaded ? &*loaded : nullptr;
}

}  // namespace sonde::kernel
