#include "symbols/demangle.h"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

#include "symbols/rust_v0.h"

namespace sonde::symbols {
namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Rust's older scheme is that of C++ with a hash behind the name: "core::fmt::write::h0123456789abcdef".
constexpr size_t kHashLength = 16;
constexpr std::string_view kHashMark = "::h";

bool EndsInRustHash(std::string_view name) {
  if (name.size() < kHashLength + kHashMark.size()) return false;
  const std::string_view hash = name.substr(name.size() - kHashLength);
  const std::string_view mark = name.substr(name.size() - kHashLength - kHashMark.size(), kHashMark.size());
  return mark == kHashMark && std::ranges::all_of(hash, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

struct Escape {
  std::string_view code;
  std::string_view text;
};

constexpr Escape kRustEscapes[] = {{"$SP$", "@"},  {"$BP$", "*"},  {"$RF$", "&"},  {"$LT$", "<"},
                                   {"$GT$", ">"},  {"$LP$", "("},  {"$RP$", ")"},  {"$C$", ","},
                                   {"$u20$", " "}, {"$u27$", "'"}, {"$u5b$", "["}, {"$u5d$", "]"},
                                   {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u7e$", "~"}, {"..", "::"}};

std::string RustName(std::string_view name) {
  name.remove_suffix(kHashLength + kHashMark.size());
  std::string out;
  while (!name.empty()) {
    const auto* escape = std::ranges::find_if(kRustEscapes, [&](const Escape& e) { return name.starts_with(e.code); });
    if (escape != std::end(kRustEscapes)) {
      out += escape->text;
      name.remove_prefix(escape->code.size());
      continue;
    }
    // A path segment that would begin with an escape begins with `_`.
    const bool is_filler = name.starts_with("_$") && (out.empty() || out.ends_with(':'));
    if (!is_filler) out += name[0];
    name.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string Demangle(std::string_view name) {
  if (std::optional<std::string> rust = DemangleRustV0(name)) return *rust;
  std::string mangled(name);
  if (!mangled.starts_with("_Z")) return mangled;
  // What LLVM puts behind a name to keep it apart from another module's says nothing.
  if (const size_t suffix = mangled.find(".llvm."); suffix != std::string::npos) mangled.resize(suffix);
  int status = 0;
  const std::unique_ptr<char, Free> text(abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status));
  if (status != 0 || text == nullptr) return std::string(name);
  if (EndsInRustHash(text.get())) return RustName(text.get());
  return text.get();
}

}  // namespace sonde::symbols
