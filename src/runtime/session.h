// src/runtime: runs a compiled script on this kernel.
//
// Enters: an image::Image. Leaves: image::Events, into a Sink, in the order in which the script made them. Links
// neither LLVM nor the parser. Loading, attaching and reading stand in files of their own; this one is the whole.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/address_names.h"
#include "image/event.h"
#include "image/image.h"
#include "kernel/kernel_view.h"

namespace sonde::runtime {

// What the maps of a running script hold, and what was lost so far.
struct Snapshot {
  std::vector<image::MapEvent> maps;
  std::vector<image::LossEvent> losses;
};
// May be called by another thread.
using TakeSnapshot = std::function<Snapshot()>;

struct RunOptions {
  // End when this process does; 0: none. What is traced of it is the compiler's business.
  pid_t pid = 0;
  // A command to start once everything is attached; the run ends with it. Empty: none.
  std::string command;
  // The descriptor that the sink writes to: when it is a pipe that nobody reads any more, the run ends, also when the
  // script has nothing to say. -1: do not watch.
  int output = -1;
  // End once everything is attached: neither begin nor end nor the command runs, and no map is printed.
  bool dry_run = false;
  // Told of the stacks that the script takes; null: nobody prints them.
  image::Symbols* symbols = nullptr;
  // Take what readers of `output` do for events like others: see readers.h.
  bool include_self = false;
  // Told once, at the end, what was left out of the output on purpose; may be empty.
  std::function<void(const std::string&)> on_left_out;
  // Told when all is attached and the run begins, and when it is about to end; may be empty.
  std::function<void(uint32_t probes)> on_ready;
  std::function<void()> on_stopping;
  // Given what tells of the maps while the run lasts, and null when it is about to end; may be empty.
  std::function<void(TakeSnapshot)> on_maps;
  // For -v: a way to attach that was given up and why.
  std::function<void(const std::string&)> on_detail;
  // What the user should know though the run goes on; may be empty.
  std::function<void(const std::string&)> on_warning;
  // When the kernel lets a user wait after the last output; to be set where somebody watches (a terminal).
  std::function<void(const std::string&)> on_wait;
};

inline constexpr int kInterruptedStatus = 130;

// Runs the script until it exits, the process of `options` ends, SIGINT, SIGTERM or SIGHUP arrives, or the sink or what
// reads `options.output` is gone. In this order:
//   load everything; run begin; attach (then AttachedEvent); start the command; read; stop the probes; run end;
//   print maps; report losses; flush the sink; detach.
// When begin exits nothing is attached. What probes on other CPUs are still about to write when the stop flag is set
// counts as after the end.
//
// Returns the exit status: the script's, or 0; kInterruptedStatus when a second signal cut the end short. A sink that
// is no longer healthy only ends the run: its owner knows whether that is an error (a full disk) or not (`| head`).
// Errors: what could not be loaded, attached, started or read; whatever was attached is detached again.
Result<int> Run(const image::Image& image, const RunOptions& options, kernel::KernelView& kernel, image::Sink& sink);

}  // namespace sonde::runtime
