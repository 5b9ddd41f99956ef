#include "output/notices.h"

#include <fmt/format.h>

#include <cstring>

namespace sonde::output {

using image::LossEvent;
using image::LossReason;

namespace {

struct LossText {
  std::string_view verb = "lost";
  std::string_view what;    // plural is made with an s
  std::string_view reason;  // and the remedy
};

LossText TextOf(LossReason reason) {
  switch (reason) {
    case LossReason::kRingFull:
      return {.what = "event", .reason = "the ring buffer was full; a larger perf_rb_pages makes room"};
    case LossReason::kMapFull:
      return {.what = "update", .reason = "the map was full; a larger max_map_keys makes room"};
    case LossReason::kNoMemory:
      return {.what = "update",
              .reason =
                  "the kernel had no memory at hand for a new key of this size; a smaller max_map_keys lets it be "
                  "set aside ahead"};
    case LossReason::kMapBusy:
      return {.what = "update", .reason = "a probe interrupted another one that was changing the same map"};
    case LossReason::kNoScratch:
      return {.what = "event",
              .reason = "too many probes interrupted one another; fewer probes, or a lower rate of profile, lose less"};
    case LossReason::kHelperFailed:
    case LossReason::kHelperCode:
      break;  // told apart
    case LossReason::kLoopLimit:
      return {.verb = "cut off",
              .what = "loop",
              .reason = "the kernel ends a loop after 8388608 rounds; a second loop around it goes on"};
    case LossReason::kNoTaskStorage:
      return {.what = "call", .reason = "the kernel had no memory to note that the call began"};
    case LossReason::kCallsTooDeep:
      return {.what = "call", .reason = "a task was in more traced calls at once than are followed, one inside the other: 64 of programs, "
                        "128 of the kernel"};
  }
  return {.what = "event", .reason = "unknown"};
}

}  // namespace

std::string LossMessage(const LossEvent& event) {
  const LossText text =
      event.site != nullptr ? TextOf(event.site->reason) : LossText{.what = "event", .reason = event.reason};
  const std::string lost = fmt::format("sonde: {} {} {}{}{}", text.verb, event.count, text.what,
                                       event.count == 1 ? "" : "s", event.at_end ? "" : " so far");
  if (event.site == nullptr) {
    return fmt::format("{}{}{}: {}", lost, event.object.empty() ? "" : " of ", event.object, text.reason);
  }
  const image::SourcePlace& where = event.site->where;
  return fmt::format("{} at {}:{}:{} ({}): {}", lost, where.file, where.line, where.column, event.site->object,
                     text.reason);
}

std::string HelperErrorMessage(const image::HelperErrorEvent& event) {
  const image::SourcePlace& where = event.site->where;
  const std::string times = event.at_end ? fmt::format(", {} time{}", event.count, event.count == 1 ? "" : "s") : "";
  return fmt::format("{}:{}:{}: warning: {} failed{}: {}", where.file, where.line, where.column, event.site->object,
                     times, std::strerror(event.code));
}

std::string AttachedMessage(const image::AttachedEvent& event) {
  return fmt::format("Attached {} probe{}", event.probes, event.probes == 1 ? "" : "s");
}

void Notices::Say(std::string message) {
  data_.Flush();
  message += '\n';
  WriteAll(descriptor_, message);  // where standard error is gone, nobody is left to tell
}

void Notices::InternalError(std::string_view what) {
  if (said_internal_error_) return;
  said_internal_error_ = true;
  Say(fmt::format("sonde: internal error: {}; please report this", what));
}

}  // namespace sonde::output
