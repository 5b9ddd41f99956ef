// Types of the kernel as C text, for a preamble that uses them without a header.
#pragma once

#include <string>
#include <string_view>

#include "kernel/btf.h"

namespace sonde::sema {

// A declaration of "uint32_t" or "struct list_head"; empty when the kernel has no such type. A struct has its size and
// alignment but one field without meaning, `kHiddenField`: what it holds is read from BTF when it is asked for.
std::string DeclareFromBtf(const kernel::Btf& btf, std::string_view name);

inline constexpr std::string_view kHiddenField = "__sonde_bytes";

}  // namespace sonde::sema
