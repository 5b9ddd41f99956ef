// Which names a regular expression fits.
#pragma once

#include <regex.h>

#include <string>

namespace sonde {

// A POSIX extended regular expression, searched for anywhere in a name.
class NameFilter {
 public:
  explicit NameFilter(const std::string& expression)
      : is_valid_(regcomp(&compiled_, expression.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  NameFilter(const NameFilter&) = delete;
  NameFilter& operator=(const NameFilter&) = delete;
  ~NameFilter() {
    if (is_valid_) regfree(&compiled_);
  }

  bool is_valid() const { return is_valid_; }
  bool Matches(const std::string& name) const {
    return is_valid_ && regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
  bool is_valid_;
};

}  // namespace sonde
