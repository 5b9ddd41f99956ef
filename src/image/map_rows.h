// The rows of a map as they were read: keys and values of one size each, one behind the other in one stretch of memory.
#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

namespace sonde::image {

class MapRows {
 public:
  // Views into the rows, good until one is added.
  struct Row {
    std::span<const std::byte> key;  // empty when keyless
    std::span<const std::byte> value;
  };

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Row;
    Iterator() = default;
    Iterator(const MapRows* rows, size_t index) : rows_(rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {rows_, index_++}; }
    bool operator==(const Iterator&) const = default;

   private:
    const MapRows* rows_ = nullptr;
    size_t index_ = 0;
  };

  MapRows() = default;
  // In bytes.
  MapRows(size_t key_size, size_t value_size) : key_size_(key_size), row_size_(key_size + value_size) {}

  // `key` has the size that was given; the answer is the value's place, all zero, good until the next row is added.
  std::span<std::byte> Add(std::span<const std::byte> key) {
    bytes_.insert(bytes_.end(), key.begin(), key.end());
    bytes_.resize(++count_ * row_size_);
    return std::span(bytes_).subspan(bytes_.size() - (row_size_ - key_size_));
  }
  void Clear() {
    bytes_.clear();
    count_ = 0;
  }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Row operator[](size_t index) const {
    const auto row = std::span(bytes_).subspan(index * row_size_, row_size_);
    return {.key = row.first(key_size_), .value = row.subspan(key_size_)};
  }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }

 private:
  size_t key_size_ = 0;
  size_t row_size_ = 0;
  size_t count_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace sonde::image
