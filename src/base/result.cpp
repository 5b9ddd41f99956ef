#include "base/result.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sonde {

std::string Error::Message() const {
  std::string out = fmt::format("cannot {}", operation);
  if (!object.empty()) out += " " + object;
  if (!reason.empty()) {
    out += ": " + reason;
  } else if (error_number != 0) {
    out += fmt::format(": {}", std::strerror(error_number));
  }
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

std::unexpected<Error> SystemError(std::string operation, std::string object, std::string remedy) {
  return std::unexpected(Error{.operation = std::move(operation),
                               .object = std::move(object),
                               .error_number = errno,
                               .remedy = std::move(remedy)});
}

void CheckFailed(const char* condition, const char* file, int line) {
  fmt::print(stderr, "sonde: internal error: {} is false at {}:{}; please report this\n", condition, file, line);
  std::abort();
}

}  // namespace sonde
