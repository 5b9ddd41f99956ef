// Holds back what a test says until it is known whether it passed.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "image/event.h"

namespace sonde::runtime {

class HeldSink final : public image::Sink {
 public:
  explicit HeldSink(image::Sink& sink) : sink_(sink) {}

  void Hold() {
    holds_ = true;
    errors_ = 0;
  }
  // How many errors were reported since Hold().
  size_t errors() const { return errors_; }
  // Ends holding; what was held is shown or dropped.
  void Release(bool show);

  void Emit(const image::Event& event) override;
  void Flush() override { sink_.Flush(); }
  bool Healthy() const override { return sink_.Healthy(); }

 private:
  struct Held {
    image::Event event;
    std::vector<std::byte> record;  // what a RecordEvent points to
  };
  // A benchmark may say the same a million times.
  static constexpr size_t kMaxHeld = 10000;

  image::Sink& sink_;
  std::deque<Held> held_;
  bool holds_ = false;
  size_t errors_ = 0;
};

}  // namespace sonde::runtime
