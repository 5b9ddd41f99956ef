// Text on its way out. Grows as it must; never shrinks, so that nothing is allocated once it has grown.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace sonde::output {

class Buffer {
 public:
  explicit Buffer(size_t capacity = 0) : capacity_(capacity), data_(std::make_unique_for_overwrite<char[]>(capacity)) {}

  size_t size() const { return size_; }
  std::string_view view() const { return {data_.get(), size_}; }
  std::string_view From(size_t mark) const { return view().substr(mark); }

  // Room for `count` more bytes; what was written there counts once End was told where it ends.
  char* Room(size_t count) {
    if (capacity_ - size_ < count) Grow(count);
    return data_.get() + size_;
  }
  void End(const char* end) { size_ = static_cast<size_t>(end - data_.get()); }

  void Append(std::string_view text) {
    std::memcpy(Room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void Append(char c) {
    *Room(1) = c;
    ++size_;
  }
  void Fill(size_t count, char c) {
    std::memset(Room(count), c, count);
    size_ += count;
  }
  // Puts `count` times `c` before what follows `mark`.
  void FillBefore(size_t mark, size_t count, char c);
  // Forgets what follows `mark`.
  void Truncate(size_t mark) { size_ = mark; }
  void Clear() { size_ = 0; }
  // Forgets the first `count` bytes.
  void Drop(size_t count);

  // For fmt's iterators.
  using value_type = char;
  void push_back(char c) { Append(c); }

 private:
  void Grow(size_t count);

  size_t size_ = 0;
  size_t capacity_;
  std::unique_ptr<char[]> data_;
};

}  // namespace sonde::output
