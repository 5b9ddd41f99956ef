// Names of Rust's second scheme: "_RNvCs1234_7mycrate3foo" is mycrate::foo.
// https://doc.rust-lang.org/rustc/symbol-mangling/v0.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::symbols {

// Without the hashes of crates; empty when it is no such name.
std::optional<std::string> DemangleRustV0(std::string_view name);

// What Rust makes of an identifier with letters that are not ASCII: "ms_bcher" behind its mark. Empty when it is wrong.
std::optional<std::string> DecodePunycode(std::string_view text);

}  // namespace sonde::symbols
