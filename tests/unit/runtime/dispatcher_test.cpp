#include "runtime/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support.h"

namespace sonde::runtime {
namespace {

using testing::CollectingSink;
using ::testing::ElementsAre;

std::vector<std::byte> Record(const std::vector<uint32_t>& words) {
  std::vector<std::byte> out(words.size() * 4);
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

// Event 0: one number; event 1: a string in the tail; event 2: exit.
image::Image TwoEvents() {
  image::Image image;
  image.types.resize(2);
  image.types[0].kind = image::ValueKind::kInt;
  image.types[1].kind = image::ValueKind::kTailString;
  image.events.resize(3);
  for (uint32_t event = 0; event < 2; ++event) {
    image.events[event].slots.push_back({.offset = 8, .type = event});
    image.events[event].fixed_size = 16;
  }
  image.events[2].kind = image::EventKind::kExit;
  return image;
}

TEST(Dispatcher, HandsOnWhatFits) {
  const image::Image image = TwoEvents();
  CollectingSink sink;
  Dispatcher dispatcher(image, {}, sink);
  dispatcher.Handle(Record({0, 0, 42, 0}));
  dispatcher.Handle(Record({1, 0, 16, 4, 0x61616161, 0}));
  EXPECT_EQ(sink.records, 2);
  EXPECT_EQ(sink.values.front(), 42);
  EXPECT_EQ(dispatcher.malformed(), 0);
  EXPECT_FALSE(dispatcher.exit_requested());
  dispatcher.Handle(Record({2, 0}));
  EXPECT_TRUE(dispatcher.exit_requested());
}

TEST(Dispatcher, CountsAndDropsWhatDoesNot) {
  const image::Image image = TwoEvents();
  CollectingSink sink;
  Dispatcher dispatcher(image, {}, sink);
  dispatcher.Handle({});
  dispatcher.Handle(Record({0}));
  dispatcher.Handle(Record({0, 0, 42}));    // shorter than its fixed part
  dispatcher.Handle(Record({3, 0, 0, 0}));  // no such event
  dispatcher.Handle(Record({~0U, 0, 0, 0}));
  dispatcher.Handle(Record({1, 0, 16, 5, 0}));  // the string goes past the end
  dispatcher.Handle(Record({1, 0, ~0U, ~0U, 0, 0}));
  EXPECT_EQ(dispatcher.malformed(), 7);
  EXPECT_EQ(sink.records, 0);
}

}  // namespace
}  // namespace sonde::runtime
