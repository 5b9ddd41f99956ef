#include "runtime/control.h"

#include <unistd.h>

#include <atomic>

namespace sonde::runtime {
namespace {

template <typename T>
std::atomic_ref<T> Shared(T& value) {
  return std::atomic_ref<T>(value);
}

}  // namespace

Result<ControlBlock> ControlBlock::Map(int map, uint32_t size, size_t loss_sites) {
  if (size < image::kLossCountersOffset + loss_sites * sizeof(uint64_t)) {
    return std::unexpected(Error{.operation = "map control block",
                                 .reason = "it has no room for the loss counters",
                                 .remedy = "this is an internal error of sonde, please report it"});
  }
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t mapped = (size + page - 1) / page * page;
  ControlBlock block;
  block.mapping_ = Mapping(map, 0, mapped, PROT_READ | PROT_WRITE);
  if (!block.mapping_.valid()) return SystemError("map", "control block");
  block.control_ = static_cast<image::Control*>(block.mapping_.get());
  block.loss_sites_ = loss_sites;
  return block;
}

ControlBlock ControlBlock::Private() {
  ControlBlock block;
  block.private_ = std::make_unique<image::Control>();
  block.control_ = block.private_.get();
  return block;
}

bool ControlBlock::ExitRequested() const { return Shared(control_->exit).load(std::memory_order_acquire) != 0; }

void ControlBlock::RequestExit() { Shared(control_->exit).store(1); }

int ControlBlock::ExitCode() const { return Shared(control_->exit_code).load(); }

int64_t ControlBlock::Returned() const { return Shared(control_->returned).load(); }

void ControlBlock::ForgetOutcome() {
  Shared(control_->returned).store(0);
  Shared(control_->exit_code).store(0);
  Shared(control_->exit).store(0);
}

void ControlBlock::SetStart(uint64_t boot_time_ns) { Shared(control_->start_ns).store(boot_time_ns); }

void ControlBlock::SetChild(uint32_t pid) { Shared(control_->child_pid).store(pid); }

void ControlBlock::FallAsleep(bool heeds_losses) {
  Shared(control_->asleep).store(heeds_losses ? image::kAwaitsLosses : image::kAwaitsRecords);
  // Pairs with the barrier between publication, or the count of a loss, and the look at `asleep` in the programs.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void ControlBlock::Awake() { Shared(control_->asleep).store(0, std::memory_order_relaxed); }

uint64_t ControlBlock::LeftOut(uint32_t slot) const { return Shared(control_->left_out[slot]).load(); }

uint64_t ControlBlock::RuntimeErrors() const { return Shared(control_->runtime_errors).load(); }

uint64_t ControlBlock::LossCounter(size_t site) const {
  auto* counters = reinterpret_cast<uint64_t*>(reinterpret_cast<std::byte*>(control_) + image::kLossCountersOffset);
  return Shared(counters[site]).load();
}

std::vector<uint64_t> ControlBlock::LossCounters() const {
  std::vector<uint64_t> out;
  out.reserve(loss_sites_);
  for (size_t site = 0; site < loss_sites_; ++site) out.push_back(LossCounter(site));
  return out;
}

}  // namespace sonde::runtime
