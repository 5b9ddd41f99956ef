// The stable names of what src/sema reports.
#pragma once

#include "base/diagnostics.h"

namespace sonde::sema {

inline constexpr DiagnosticId kNotSupported{"not-supported-yet"};
inline constexpr DiagnosticId kUnknownName{"unknown-name"};
inline constexpr DiagnosticId kUnknownFunction{"unknown-function"};
inline constexpr DiagnosticId kUnknownField{"unknown-field"};
inline constexpr DiagnosticId kUnknownType{"unknown-type"};
inline constexpr DiagnosticId kUnknownProbeType{"unknown-probe-type"};
inline constexpr DiagnosticId kUnknownVariable{"unknown-variable"};
inline constexpr DiagnosticId kUnknownMap{"unknown-map"};
inline constexpr DiagnosticId kNoSuchProbe{"no-such-probe"};
inline constexpr DiagnosticId kBadProbe{"bad-probe"};
inline constexpr DiagnosticId kProbeUnavailable{"probe-unavailable"};
inline constexpr DiagnosticId kTooManyProbes{"too-many-probes"};
inline constexpr DiagnosticId kNoProbes{"no-probes"};
inline constexpr DiagnosticId kTypeMismatch{"type-mismatch"};
inline constexpr DiagnosticId kWrongArgumentCount{"wrong-argument-count"};
inline constexpr DiagnosticId kWrongArgument{"wrong-argument"};
inline constexpr DiagnosticId kBadFormat{"bad-format"};
inline constexpr DiagnosticId kBadTarget{"bad-assignment-target"};
inline constexpr DiagnosticId kBadMapUse{"bad-map-use"};
inline constexpr DiagnosticId kUnusedMap{"unused-map"};
inline constexpr DiagnosticId kKeyMismatch{"key-mismatch"};
inline constexpr DiagnosticId kRedefined{"redefined"};
inline constexpr DiagnosticId kRecursiveMacro{"recursive-macro"};
inline constexpr DiagnosticId kMacroTooLarge{"macro-too-large"};
inline constexpr DiagnosticId kNotAvailable{"not-available-here"};
inline constexpr DiagnosticId kUnsafe{"needs-unsafe"};
inline constexpr DiagnosticId kDivisionByZero{"division-by-zero"};
inline constexpr DiagnosticId kFraction{"fraction"};
inline constexpr DiagnosticId kLiteralTooLarge{"literal-too-large"};
inline constexpr DiagnosticId kNotConstant{"not-constant"};
inline constexpr DiagnosticId kOutOfRange{"out-of-range"};
inline constexpr DiagnosticId kNeverTrue{"never-true"};
inline constexpr DiagnosticId kMixedSign{"mixed-sign"};
inline constexpr DiagnosticId kOutsideLoop{"outside-loop"};
inline constexpr DiagnosticId kLongLoop{"long-loop"};
inline constexpr DiagnosticId kNoEffect{"no-effect"};
inline constexpr DiagnosticId kAssertion{"assertion"};
inline constexpr DiagnosticId kBadC{"c-error"};
inline constexpr DiagnosticId kBadConfig{"bad-config"};
inline constexpr DiagnosticId kBadImport{"bad-import"};
inline constexpr DiagnosticId kScriptFailed{"script-failed"};
inline constexpr DiagnosticId kSystem{"system"};

}  // namespace sonde::sema
