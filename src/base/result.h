// Results of what the system is asked to do, and the check for what cannot happen.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sonde {

// A failed operation on the system: "cannot <operation> <object>: <strerror>; <remedy>".
struct Error {
  std::string operation;  // "open", "load program"
  std::string object;     // a path, a probe, a map; may be empty
  int error_number = 0;   // errno, or 0 when the system gave none
  std::string reason;     // in place of strerror, when we know better; may be empty
  std::string remedy;     // what the user can do; may be empty
  std::string detail;     // for -v only: a verifier log; may be empty

  std::string Message() const;
};

template <typename T>
using Result = std::expected<T, Error>;

// Fails with errno as it stands.
std::unexpected<Error> SystemError(std::string operation, std::string object, std::string remedy = "");

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace sonde

// For what only a mistake of ours can make false. Never for input.
#define SONDE_CHECK(condition)                                              \
  do {                                                                      \
    if (!(condition)) ::sonde::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)
