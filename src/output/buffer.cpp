#include "output/buffer.h"

#include <algorithm>

namespace sonde::output {

void Buffer::FillBefore(size_t mark, size_t count, char c) {
  Room(count);
  char* start = data_.get() + mark;
  std::memmove(start + count, start, size_ - mark);
  std::memset(start, c, count);
  size_ += count;
}

void Buffer::Drop(size_t count) {
  std::memmove(data_.get(), data_.get() + count, size_ - count);
  size_ -= count;
}

void Buffer::Grow(size_t count) {
  capacity_ = std::max(capacity_ * 2, size_ + count);
  auto grown = std::make_unique_for_overwrite<char[]>(capacity_);
  if (size_ > 0) std::memcpy(grown.get(), data_.get(), size_);
  data_ = std::move(grown);
}

}  // namespace sonde::output
