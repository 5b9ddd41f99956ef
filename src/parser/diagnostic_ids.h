// The stable names of what the parser reports.
#pragma once

#include "base/diagnostics.h"

namespace sonde::parser {

inline constexpr DiagnosticId kSyntaxError{"syntax-error"};
inline constexpr DiagnosticId kUnexpectedEnd{"unexpected-end"};
inline constexpr DiagnosticId kMissingBrace{"missing-brace"};
inline constexpr DiagnosticId kUnmatchedBrace{"unmatched-brace"};
inline constexpr DiagnosticId kMissingPredicateEnd{"missing-predicate-end"};
inline constexpr DiagnosticId kUnterminatedString{"unterminated-string"};
inline constexpr DiagnosticId kUnterminatedComment{"unterminated-comment"};
inline constexpr DiagnosticId kUnterminatedDefinition{"unterminated-definition"};
inline constexpr DiagnosticId kInvalidEscape{"invalid-escape"};
inline constexpr DiagnosticId kInvalidNumber{"invalid-number"};
inline constexpr DiagnosticId kInvalidCharacter{"invalid-character"};
inline constexpr DiagnosticId kInvalidPositional{"invalid-positional"};
inline constexpr DiagnosticId kInvalidType{"invalid-type"};
inline constexpr DiagnosticId kInvalidField{"invalid-field"};
inline constexpr DiagnosticId kSingleQuotes{"single-quotes"};
inline constexpr DiagnosticId kNestingTooDeep{"nesting-too-deep"};
inline constexpr DiagnosticId kInvalidTarget{"invalid-target"};
inline constexpr DiagnosticId kBlockWithoutValue{"block-without-value"};
inline constexpr DiagnosticId kScriptTooLarge{"script-too-large"};

}  // namespace sonde::parser
