#include "cheaders/libclang_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "cheaders/libclang_headers.h"

namespace sonde::cheaders {
namespace {

template <typename Function>
void Load(void* library, const char* name, Function& function, bool& has_all) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  has_all = has_all && function != nullptr;
}

// Nothing when a function is missing.
std::optional<Libclang> LoadAll(void* library) {
  Libclang loaded;
  bool has_all = true;
#define SONDE_LOAD(function) Load(library, #function, loaded.function, has_all);
  SONDE_LIBCLANG_FUNCTIONS(SONDE_LOAD)
#undef SONDE_LOAD
  if (!has_all) return std::nullopt;
  return loaded;
}

// "Debian clang version 19.1.7 (…)" → 19.
int MajorVersion(std::string_view version) {
  constexpr std::string_view kWord = "version ";
  const size_t at = version.find(kWord);
  int major = 0;
  if (at == std::string_view::npos) return 0;
  version.remove_prefix(at + kWord.size());
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

}  // namespace

std::string Libclang::Text(CXString string) const {
  const char* text = clang_getCString(string);
  std::string copy = text == nullptr ? "" : text;
  clang_disposeString(string);
  return copy;
}

std::vector<std::string> LibclangCandidates() {
  std::vector<std::string> names;
  for (int version : {19, 18, 17, 16, 15, 14, 20}) {
    names.push_back(fmt::format("libclang-{0}.so.1", version));  // Debian, Ubuntu
    names.push_back(fmt::format("libclang-{0}.so.{0}", version));
    names.push_back(fmt::format("libclang.so.{0}", version));    // Arch
    names.push_back(fmt::format("libclang.so.{0}.1", version));  // Fedora since 18
    names.push_back(fmt::format("/usr/lib/llvm-{0}/lib/libclang.so.1", version));
    names.push_back(fmt::format("/usr/lib64/llvm{0}/lib64/libclang.so.{0}", version));
  }
  names.emplace_back("libclang.so.13");  // the SONAME of upstream builds
  names.emplace_back("libclang.so");
  return names;
}

Result<std::string> FindLibclang() {
  Result<Libclang> library = OpenLibclang(LibclangCandidates());
  if (!library) return std::unexpected(library.error());
  return library->path;
}

Result<Libclang> OpenLibclang(const std::vector<std::string>& candidates) {
  Error error{.operation = "open", .object = "libclang", .reason = "it is not installed", .remedy = ""};
  error.remedy = "install it (Debian: libclang1-19 and libclang-common-19-dev), or remove the C code from the script";
  for (const std::string& name : candidates) {
    // RTLD_LOCAL: this program may hold another LLVM, whose symbols must not meet those of libclang.
    void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) continue;
    std::optional<Libclang> loaded = LoadAll(library);
    if (!loaded) {
      error.reason = name + " lacks functions that are needed";
      dlclose(library);
      continue;
    }
    loaded->path = name;
    loaded->major_version = MajorVersion(loaded->Text(loaded->clang_getClangVersion()));
    return *loaded;
  }
  return std::unexpected(std::move(error));
}

}  // namespace sonde::cheaders
