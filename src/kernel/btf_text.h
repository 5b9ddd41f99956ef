// Types of BTF, written as C declares them: what `-lv 'struct NAME'` shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/btf.h"

namespace sonde::kernel {

// "struct path {\n    struct vfsmount * mnt;\n    …\n};\n"; anonymous members in place. Structs, unions and enums.
std::string Declaration(const Btf& btf, BtfId id);

// The structs, unions and enums that a pattern such as "struct task_*", "union *" or "enum pid_type" names, sorted by name,
// each name once. Empty when the pattern begins with none of those words.
std::vector<BtfId> MatchTypes(const Btf& btf, std::string_view pattern);

// Whether a pattern asks for types: begins with `struct`, `union` or `enum` and a blank.
bool AsksForTypes(std::string_view pattern);

}  // namespace sonde::kernel
