#include "runtime/ring.h"

#include <linux/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace sonde::runtime {
namespace {

uint64_t Load(uint64_t* position) { return std::atomic_ref<uint64_t>(*position).load(std::memory_order_acquire); }

// A record's header: length with two flag bits, then a field of the kernel's own.
uint32_t LoadLength(std::byte* header) {
  return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(header)).load(std::memory_order_acquire);
}

uint64_t RecordSize(uint32_t length) { return (static_cast<uint64_t>(length) + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8; }

}  // namespace

Result<Ring> Ring::Map(int map, uint32_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  Mapping consumer(map, 0, page, PROT_READ | PROT_WRITE);
  if (!consumer.valid()) return SystemError("map", "ring buffer");
  Mapping producer(map, page, page + size, PROT_READ);
  if (!producer.valid()) return SystemError("map", "ring buffer");
  Ring ring(static_cast<uint64_t*>(consumer.get()), static_cast<uint64_t*>(producer.get()),
            static_cast<std::byte*>(producer.get()) + page, size);
  ring.consumer_page_ = std::move(consumer);
  ring.producer_pages_ = std::move(producer);
  return ring;
}

Ring::Ring(uint64_t* consumer, uint64_t* producer, std::byte* data, uint32_t size)
    : consumer_(consumer), producer_(producer), data_(data), size_(size) {}

Ring::Progress Ring::Drain(const Handler& handle, AtBusy at_busy) {
  Progress progress;
  const uint64_t mask = size_ - 1;
  const uint64_t give_back = size_ / 8;  // often enough that producers do not find the ring full, rarely enough to
                                         // leave their cache line alone
  std::atomic_ref<uint64_t> published(*consumer_);
  const uint64_t start = published.load(std::memory_order_relaxed);
  uint64_t position = start;
  uint64_t returned = start;
  uint64_t end = Load(producer_);
  while (true) {
    if (position == end) end = Load(producer_);
    if (position == end || position - start >= size_) break;
    std::byte* header = data_ + (position & mask);
    const uint32_t length = LoadLength(header);
    const bool is_busy = (length & BPF_RINGBUF_BUSY_BIT) != 0;
    progress.is_busy |= is_busy;
    if (is_busy && at_busy == AtBusy::kStop) break;
    const uint32_t bytes = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (is_busy) {
      ++progress.unfinished;
    } else {
      if ((length & BPF_RINGBUF_DISCARD_BIT) == 0) handle(Bytes((position + BPF_RINGBUF_HDR_SZ) & mask, bytes));
      ++progress.records;
    }
    position += RecordSize(bytes);
    if (position - returned >= give_back) {
      published.store(position, std::memory_order_release);
      returned = position;
    }
  }
  if (position != returned) published.store(position, std::memory_order_release);
  return progress;
}

std::span<const std::byte> Ring::Bytes(uint64_t first, uint32_t length) {
  SONDE_CHECK(length <= size_);
  const uint64_t until_end = size_ - first;
  if (length <= until_end) return {data_ + first, length};
  wrapped_.resize(length);
  std::memcpy(wrapped_.data(), data_ + first, until_end);
  std::memcpy(wrapped_.data() + until_end, data_, length - until_end);
  return wrapped_;
}

uint64_t Ring::Fill() const { return Load(producer_) - Load(consumer_); }

}  // namespace sonde::runtime
