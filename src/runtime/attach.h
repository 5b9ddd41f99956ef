// Attaching programs: one function for each alternative of image::AttachPlan.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"
#include "kernel/kernel_view.h"
#include "runtime/pin.h"

namespace sonde::runtime {

// What keeps a program attached. Closed in the order link, event.
struct Attached {
  struct Event {
    UniqueFd event;  // a perf event
    UniqueFd link;
  };
  UniqueFd link;              // of what is no perf event
  std::vector<Event> events;  // several where each CPU has its own
  // The kernel waits for grace periods, 50 to 80 ms, when this is closed: to be closed last.
  bool slow_to_detach = false;
  bool is_iterator = false;  // `link` is to be opened and read
  std::optional<Pin> pin;    // of a link that others are to open and read
};

// Programs of begin and end are not attached but run: the result holds nothing then. `target` is the process that the
// run is about, 0: none. Errors name the probe.
Result<Attached> Attach(const image::Attachment& attachment, const image::ProgramSpec& program, int program_fd,
                        kernel::KernelView& kernel, pid_t target);

}  // namespace sonde::runtime
