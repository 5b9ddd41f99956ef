// Memory shared with the kernel, unmapped when its owner goes.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

namespace sonde::runtime {

class Mapping {
 public:
  Mapping() = default;
  // Not valid() when the kernel refuses: errno says why.
  Mapping(int fd, size_t offset, size_t size, int protection)
      : memory_(mmap(nullptr, size, protection, MAP_SHARED, fd, static_cast<off_t>(offset))), size_(size) {}
  Mapping(Mapping&& other) noexcept : memory_(std::exchange(other.memory_, MAP_FAILED)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (valid()) munmap(memory_, size_);
  }

  bool valid() const { return memory_ != MAP_FAILED; }
  void* get() const { return memory_; }

 private:
  void* memory_ = MAP_FAILED;
  size_t size_ = 0;
};

}  // namespace sonde::runtime
