#include "output/writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "record_builder.h"

namespace sonde::output {
namespace {

using image::LossReason;

bool IsReadable(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) == 0 && count > 0;
}

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  void CloseRead() {
    close(ends[0]);
    ends[0] = -1;
  }
  int ends[2] = {-1, -1};
};

void Say(Writer& writer, std::string_view text) {
  writer.buffer().Append(text);
  writer.EndEvent();
}

TEST(Writer, KeepsTextUntilFlushed) {
  Pipe pipe;
  Writer writer(pipe.ends[1], Buffering::kFull);
  Say(writer, "a\n");
  EXPECT_FALSE(IsReadable(pipe.ends[0]));
  writer.Flush();
  EXPECT_TRUE(IsReadable(pipe.ends[0]));
}

TEST(Writer, WritesAtLineEndsOnDemand) {
  Pipe pipe;
  Writer writer(pipe.ends[1], Buffering::kLine);
  Say(writer, "a");
  EXPECT_FALSE(IsReadable(pipe.ends[0]));
  Say(writer, "b\nc");
  EXPECT_TRUE(IsReadable(pipe.ends[0]));
  Pipe other;
  Writer unbuffered(other.ends[1], Buffering::kNone);
  Say(unbuffered, "a");
  EXPECT_TRUE(IsReadable(other.ends[0]));
}

TEST(Writer, WritesAtLineEndsOnATerminal) {
  int main_end = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&main_end, &terminal, nullptr, nullptr, nullptr), 0);
  Writer writer(terminal);
  EXPECT_TRUE(writer.is_terminal());
  Say(writer, "a\n");
  // The terminal's other end learns of it a moment later.
  pollfd waiting{.fd = main_end, .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&waiting, 1, 5000), 1);
  close(main_end);
  close(terminal);
}

TEST(Writer, IsUnhealthyOnceThePipeIsClosed) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.CloseRead();
  Writer writer(pipe.ends[1], Buffering::kFull);
  Say(writer, "a\n");
  EXPECT_TRUE(writer.healthy());
  writer.Flush();
  EXPECT_FALSE(writer.healthy());
  EXPECT_EQ(writer.error_number(), EPIPE);
  for (int i = 0; i < 100'000; ++i) Say(writer, "more\n");
  EXPECT_LE(writer.buffer().size(), size_t{128} << 10);
}

TEST(Writer, IsUnhealthyOnAFullDisk) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  Writer writer(full, Buffering::kNone);
  Say(writer, "a\n");
  EXPECT_EQ(writer.error_number(), ENOSPC);
  close(full);
}

// A socket with a small buffer that does not block takes a megabyte in parts only.
TEST(Writer, FinishesPartialWrites) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  fcntl(ends[0], F_SETFL, 0);
  size_t received = 0;
  bool in_order = true;
  std::thread reader([&] {
    std::array<char, 1000> part{};
    for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;) {
      for (ssize_t i = 0; i < n; ++i)
        in_order &= part[static_cast<size_t>(i)] == static_cast<char>('a' + (received++ % 23));
    }
  });
  {
    Writer writer(ends[1]);
    for (size_t i = 0; i < (1U << 20); ++i) writer.buffer().Append(static_cast<char>('a' + i % 23));
    writer.Flush();
    EXPECT_TRUE(writer.healthy());
  }
  close(ends[1]);
  reader.join();
  close(ends[0]);
  EXPECT_EQ(received, 1U << 20);
  EXPECT_TRUE(in_order);
}

TEST(Notices, FollowTheDataThatWasBeforeThem) {
  OneEvent event;
  event.Format("data\n");
  const auto record = event.Record();
  Pipe pipe;
  Writer writer(pipe.ends[1], Buffering::kFull);
  const auto sink = FindSinkKind("text")->make(event.image, writer, {.error_descriptor = pipe.ends[1]});
  sink->Emit(image::RecordEvent{&event.spec(), record});
  sink->Emit(image::AttachedEvent{1});
  sink->Emit(image::RecordEvent{&event.spec(), record});
  sink->Flush();
  std::string text(64, '\0');
  text.resize(static_cast<size_t>(read(pipe.ends[0], text.data(), text.size())));
  EXPECT_EQ(text, "data\nAttached 1 probe\ndata\n");
}

TEST(Notices, TellLossesWithTheRemedy) {
  const image::Image image;
  const image::LossSite ring{{"x.bt", 3, 5}, LossReason::kRingFull, "printf"};
  const image::LossSite map{{"x.bt", 4, 1}, LossReason::kMapFull, "@start"};
  const std::vector<image::Event> events = {
      image::LossEvent{.site = &ring, .count = 12}, image::LossEvent{.site = &map, .count = 1},
      image::LossEvent{
          .object = "tracepoint:sched:sched_switch", .reason = "missed by recursion", .count = 2, .at_end = false}};
  const Outputs outputs = Show(image, events);
  EXPECT_EQ(outputs.data, "");
  EXPECT_EQ(outputs.errors,
            "sonde: lost 12 events at x.bt:3:5 (printf): the ring buffer was full; a larger perf_rb_pages makes room\n"
            "sonde: lost 1 update at x.bt:4:1 (@start): the map was full; a larger max_map_keys makes room\n"
            "sonde: lost 2 events so far of tracepoint:sched:sched_switch: missed by recursion\n");
  const image::LossSite loop{{"x.bt", 5, 1}, LossReason::kLoopLimit, "while"};
  EXPECT_EQ(Show(image, {image::LossEvent{.site = &loop, .count = 2}}).errors,
            "sonde: cut off 2 loops at x.bt:5:1 (while): the kernel ends a loop after 8388608 rounds; a second loop "
            "around it goes on\n");
  EXPECT_EQ(Show(image, {events[0]}, "json").data,
            "{\"type\": \"lost_events\", \"data\": {\"events\": 12, \"object\": \"printf\", \"reason\": \"ring full\", "
            "\"file\": \"x.bt\", \"line\": 3, \"column\": 5, \"final\": true}}\n");
}

TEST(Notices, TellAttachedProbesUnlessQuiet) {
  const image::Image image;
  EXPECT_EQ(Show(image, {image::AttachedEvent{2}}).errors, "Attached 2 probes\n");
  EXPECT_EQ(Show(image, {image::AttachedEvent{2}}, "text", {.quiet = true}).errors, "");
  EXPECT_EQ(Show(image, {image::AttachedEvent{2}}, "json").data,
            "{\"type\": \"attached_probes\", \"data\": {\"probes\": 2}}\n");
}

TEST(Sinks, AreFoundByName) {
  EXPECT_EQ(FindSinkKind("xml"), nullptr);
  for (const SinkKind& kind : SinkKinds()) EXPECT_EQ(FindSinkKind(kind.name), &kind);
}

}  // namespace
}  // namespace sonde::output
