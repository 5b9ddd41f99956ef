// C types as format files write them.
#pragma once

#include <string>
#include <string_view>

#include "sema/type.h"

namespace sonde::probes {

// "const char *const *" → how many pointers, and what they lead to.
struct PointerShape {
  int depth = 0;
  std::string pointee;  // "char", "struct timespec", "void"
};

PointerShape ShapeOf(std::string_view type);

// A pointer to what is not known is one to void.
const sema::Type* PointerType(sema::TypeTable& types, const PointerShape& shape, sema::AddressSpace space);

}  // namespace sonde::probes
