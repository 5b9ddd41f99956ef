// A BPF object under a path, for as long as this process lives.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sonde::runtime {

// Removes the path when it goes; when the process is killed before, a child that waits for that does.
class Pin {
 public:
  // Errors name the path.
  static Result<Pin> Make(int object, const std::string& path);
  Pin(Pin&& other) noexcept : path_(std::exchange(other.path_, {})), life_(std::move(other.life_)) {}
  Pin& operator=(Pin&&) = delete;
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin();

 private:
  Pin(std::string path, UniqueFd life) : path_(std::move(path)), life_(std::move(life)) {}

  std::string path_;
  UniqueFd life_;  // the child reads the other end: it ends with us
};

}  // namespace sonde::runtime
