// Names as their authors wrote them: C++ and Rust.
#pragma once

#include <string>
#include <string_view>

namespace sonde::symbols {

// The name itself when it is not mangled.
std::string Demangle(std::string_view name);

}  // namespace sonde::symbols
