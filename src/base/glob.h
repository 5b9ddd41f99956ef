// Wildcards as probe specs use them.
#pragma once

#include <string_view>

namespace sonde {

bool HasWildcard(std::string_view pattern);

// `*` matches any run of characters, `?` one, `[…]` one of a set; all else itself. Linear in text times stars.
bool GlobMatch(std::string_view pattern, std::string_view text);

}  // namespace sonde
