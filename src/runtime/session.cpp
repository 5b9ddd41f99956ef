#include "runtime/session.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "runtime/bpf_call.h"
#include "runtime/child.h"
#include "runtime/control.h"
#include "runtime/dispatcher.h"
#include "runtime/held_sink.h"
#include "runtime/loader.h"
#include "runtime/losses.h"
#include "runtime/probe_set.h"
#include "runtime/pump.h"
#include "runtime/readers.h"
#include "runtime/refusal.h"
#include "runtime/signal_probes.h"
#include "runtime/stop_signals.h"
#include "runtime/test_runner.h"

namespace sonde::runtime {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// Load: more will come before a sleep, from which a producer would have to wake us, pays. A round that found so many
// records says so, or a sleep that was so short.
constexpr size_t kManyRecords = 32;
constexpr auto kShortSleep = 1ms;
constexpr auto kLongDetach = 1s;

uint64_t BootTime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Does something when a scope ends, however it does.
class ScopeEnd {
 public:
  explicit ScopeEnd(std::function<void()> action) : action_(std::move(action)) {}
  ScopeEnd(const ScopeEnd&) = delete;
  ScopeEnd& operator=(const ScopeEnd&) = delete;
  ~ScopeEnd() { action_(); }

 private:
  std::function<void()> action_;
};

class Session {
 public:
  Session(const image::Image& image, const RunOptions& options, kernel::KernelView& kernel, image::Sink& sink)
      : image_(image),
        options_(options),
        kernel_(kernel),
        sink_(sink),
        loader_(image, kernel),
        probes_(image, loader_, kernel, options.on_detail) {}

  Result<int> Run();

 private:
  Result<void> Prepare();
  Result<void> MakeControl();
  Result<void> MakePump();
  Result<void> WatchEnds();
  Result<void> Start();
  Result<void> RunPrograms(const std::vector<int>& programs, const char* when, bool stop_on_exit);
  Snapshot TakeSnapshot() const;
  void TellLeftOut();
  void FindOutReaders();
  void TellOfReaders();
  // Each once; where there is nothing else, that is all.
  Result<void> RunIterators();
  Result<int> RunTests();
  Result<void> RunAtSignals();
  Result<void> Loop();
  void Sleep();
  // Waits for the end of what we watch, or so long; notes what ended.
  void Poll(std::vector<pollfd>& descriptors, const timespec* timeout);
  bool MustStop() const;
  Result<int> Finish();
  void Detach();

  const image::Image& image_;
  const RunOptions& options_;
  kernel::KernelView& kernel_;
  HeldSink sink_;

  std::unique_ptr<Child> child_;
  std::unique_ptr<StopSignals> signals_;  // after the child is forked
  std::unique_ptr<SignalProbes> signal_probes_;
  Loader loader_;
  std::unique_ptr<ControlBlock> control_;
  ProbeSet probes_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<Pump> pump_;
  std::unique_ptr<LossReport> losses_;

  std::vector<Reader> readers_;  // in slots behind our own
  UniqueFd watched_process_;
  std::vector<pollfd> ends_;  // what ends the run
  std::vector<pollfd> ends_and_rings_;
  bool ended_ = false;
  bool slept_shortly_ = false;
};

Result<int> Session::Run() {
  if (auto prepared = Prepare(); !prepared) return std::unexpected(prepared.error());
  const ScopeEnd forget([this] {
    if (options_.on_maps) options_.on_maps(nullptr);
  });
  if (options_.on_maps) options_.on_maps([this] { return TakeSnapshot(); });
  if (auto started = Start(); !started) {
    control_->RequestExit();
    Detach();
    return std::unexpected(started.error());
  }
  if (!options_.dry_run && !probes_.Tests().empty()) return RunTests();
  if (auto looped = Loop(); !looped) {
    control_->RequestExit();
    Detach();
    return std::unexpected(looped.error());
  }
  return Finish();
}

Result<int> Session::RunTests() {
  TestRunner runner(probes_.Tests(), *control_, sink_,
                    {.run = [this](int program) { return RunPrograms({program}, "test", false); },
                     .proceed = [this] { return !signals_->Came() && sink_.Healthy(); }});
  const auto status = runner.Run();
  if (!status) return std::unexpected(status.error());
  losses_->AtEnd(probes_.RecursionMisses(), dispatcher_->malformed());
  sink_.Flush();
  if (const auto& error = dispatcher_->error()) return std::unexpected(*error);
  return status;
}

Result<void> Session::Prepare() {
  if (options_.pid != 0) {
    auto process = OpenProcess(options_.pid);
    if (!process) return std::unexpected(process.error());
    watched_process_ = std::move(*process);
  }
  if (!options_.command.empty()) {
    auto child = Child::Hold(options_.command);
    if (!child) return std::unexpected(child.error());
    child_ = std::move(*child);
  }
  signals_ = std::make_unique<StopSignals>();
  if (auto created = loader_.CreateMaps(); !created) return created;
  if (auto made = MakeControl(); !made) return made;
  if (auto made = MakePump(); !made) return made;
  if (auto watched = WatchEnds(); !watched) return watched;
  FindOutReaders();
  if (auto loaded = probes_.Load(); !loaded) return loaded;
  signal_probes_ = std::make_unique<SignalProbes>(probes_.SignalPrograms());
  if (signal_probes_->fd() >= 0) {
    ends_and_rings_.push_back({.fd = signal_probes_->fd(), .events = POLLIN, .revents = 0});
  }
  return {};
}

// What we and those who read our output do is left out where it would be printed.
void Session::FindOutReaders() {
  if (!image_.leaves_out_readers || options_.include_self || options_.dry_run) return;
  std::vector<uint32_t> slots{static_cast<uint32_t>(getpid())};
  if (options_.output >= 0) readers_ = FindReaders(options_.output, image::kReaderSlots - 1);
  for (const Reader& reader : readers_) slots.push_back(static_cast<uint32_t>(reader.pid));
  loader_.SetReaders(std::move(slots));
}

void Session::TellOfReaders() {
  std::string who;
  uint64_t total = 0;
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    const uint64_t count = control_->LeftOut(i + 1);
    if (count == 0) continue;
    total += count;
    who += (who.empty() ? "" : ", ") + std::to_string(count) + " of " + readers_[i].name + " (" +
           std::to_string(readers_[i].pid) + ")";
  }
  if (total == 0 || !options_.on_left_out) return;
  options_.on_left_out("left out " + who + (total == 1 ? ": an event" : ": events") +
                       " of what reads this output; --include-self keeps them");
}

Result<void> Session::MakeControl() {
  for (uint32_t map = 0; map < image_.maps.size(); ++map) {
    if (image_.maps[map].role != image::MapRole::kControl) continue;
    auto control = ControlBlock::Map(loader_.MapFd(map), image_.maps[map].value_size, image_.loss_sites.size());
    if (!control) return std::unexpected(control.error());
    control_ = std::make_unique<ControlBlock>(std::move(*control));
  }
  if (!control_) control_ = std::make_unique<ControlBlock>(ControlBlock::Private());
  losses_ = std::make_unique<LossReport>(image_, *control_, sink_);
  return {};
}

Result<void> Session::MakePump() {
  std::vector<MapHandle> handles;
  std::vector<Ring> rings;
  std::optional<Ring> stacks;
  for (uint32_t map = 0; map < image_.maps.size(); ++map) {
    const image::MapSpec& spec = image_.maps[map];
    handles.push_back({.spec = &spec,
                       .fd = loader_.MapFd(map),
                       .is_signed = !image_.types.empty() && image_.types.at(spec.value_type).is_signed,
                       .possible_cpus = kernel_.PossibleCpus()});
    const bool is_stacks = spec.role == image::MapRole::kStackRing;
    if (spec.role != image::MapRole::kDataRing && spec.role != image::MapRole::kControlRing && !is_stacks) continue;
    auto ring = Ring::Map(loader_.MapFd(map), loader_.RingSize(map));
    if (!ring) return std::unexpected(ring.error());
    if (is_stacks) {
      stacks = std::move(*ring);
      continue;
    }
    // The data ring goes first: its size decides how long we may look away.
    rings.insert(spec.role == image::MapRole::kDataRing ? rings.begin() : rings.end(), std::move(*ring));
    ends_and_rings_.push_back({.fd = loader_.MapFd(map), .events = POLLIN, .revents = 0});
  }
  dispatcher_ = std::make_unique<Dispatcher>(image_, std::move(handles), sink_);
  pump_ = std::make_unique<Pump>(std::move(rings), *dispatcher_);
  if (!stacks) return {};
  pump_->SetStacks(std::move(*stacks), [this](std::span<const std::byte> record) {
    if (options_.symbols != nullptr && !options_.symbols->AddStack(record)) dispatcher_->CountMalformed();
  });
  if (options_.symbols != nullptr) options_.symbols->SetSource([this] { pump_->DrainStacks(); });
  return {};
}

Result<void> Session::WatchEnds() {
  ends_.push_back({.fd = signals_->fd(), .events = POLLIN, .revents = 0});
  if (child_) ends_.push_back({.fd = child_->fd(), .events = POLLIN, .revents = 0});
  if (watched_process_.valid()) ends_.push_back({.fd = watched_process_.get(), .events = POLLIN, .revents = 0});
  // Errors are always reported: POLLERR when the last reader of a pipe closes it.
  if (options_.output >= 0) ends_.push_back({.fd = options_.output, .events = 0, .revents = 0});
  ends_and_rings_.insert(ends_and_rings_.begin(), ends_.begin(), ends_.end());
  return {};
}

Result<void> Session::Start() {
  probes_.SetTarget(child_ ? child_->pid() : options_.pid);
  control_->SetStart(BootTime());
  if (child_) control_->SetChild(static_cast<uint32_t>(child_->pid()));
  if (!options_.dry_run) {
    if (auto begun = RunPrograms(probes_.BeginPrograms(), "begin", true); !begun) return begun;
  }
  sink_.Flush();
  // Attaching may take a while, and what is attached already runs.
  const auto proceed = [this] {
    if (pump_->IsFilling()) pump_->Drain();
    return !MustStop();
  };
  if (proceed()) {
    if (auto attached = probes_.Attach(proceed); !attached) return attached;
  }
  TellLeftOut();
  sink_.Emit(image::AttachedEvent{.probes = probes_.ProbeCount()});
  if (options_.on_ready) options_.on_ready(probes_.ProbeCount());
  if (options_.dry_run) {
    ended_ = true;
    return {};
  }
  if (auto walked = RunIterators(); !walked) return walked;
  return child_ && !MustStop() ? child_->Release() : Result<void>();
}

Snapshot Session::TakeSnapshot() const {
  Snapshot snapshot{.maps = dispatcher_->Snapshot(), .losses = {}};
  const std::vector<uint64_t> counters = control_->LossCounters();
  for (size_t i = 0; i < counters.size(); ++i) {
    const image::LossSite& site = image_.loss_sites[i];
    const bool is_helper =
        site.reason == image::LossReason::kHelperFailed || site.reason == image::LossReason::kHelperCode;
    if (!is_helper) snapshot.losses.push_back({.site = &site, .count = counters[i], .at_end = false});
  }
  return snapshot;
}

void Session::TellLeftOut() {
  const ProbeSet::LeftOut& left_out = probes_.left_out();
  if (left_out.count == left_out.quiet || !options_.on_warning) return;
  options_.on_warning(
      std::to_string(left_out.count - left_out.quiet) +
      " of the probes are left out; the first: " + left_out.first_error.Message());
}

Result<void> Session::RunIterators() {
  for (const int link : probes_.Iterators()) {
    const UniqueFd iterator(BpfIteratorOpen(link));
    if (!iterator.valid()) return std::unexpected(Refused("open", "the iterator", -iterator.get(), kernel_));
    {
      const OverflowGuard guard(*pump_);
      std::array<char, 256> nothing;  // the programs write to the ring, not here
      ssize_t got = 1;
      while (got > 0 && !MustStop()) {
        got = read(iterator.get(), nothing.data(), nothing.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) got = 1;
      }
      if (got < 0) return std::unexpected(Refused("run", "the iterator", errno, kernel_));
    }
    pump_->DrainFully([this] { return !signals_->IsUrgent(); });
  }
  ended_ = ended_ || probes_.HasOnlyIterators();
  return {};
}

Result<void> Session::RunPrograms(const std::vector<int>& programs, const char* when, bool stop_on_exit) {
  for (const int program : programs) {
    int result = 0;
    {
      const OverflowGuard guard(*pump_);
      result = BpfRunRawTracepoint(program);
    }
    if (result < 0) return std::unexpected(Refused("run", when, -result, kernel_));
    pump_->DrainFully([this] { return !signals_->IsUrgent(); });
    if (stop_on_exit && MustStop()) return {};
  }
  return {};
}

bool Session::MustStop() const {
  return ended_ || signals_->Came() || control_->ExitRequested() || dispatcher_->exit_requested() || !sink_.Healthy();
}

Result<void> Session::RunAtSignals() {
  return signal_probes_->fd() < 0 ? Result<void>() : RunPrograms(signal_probes_->Take(), "self:signal", true);
}

Result<void> Session::Loop() {
  const timespec nap{.tv_sec = 0, .tv_nsec = pump_->NapNanoseconds()};
  const timespec none{};
  while (!MustStop()) {
    const Pump::Round round = pump_->Drain();
    losses_->WhileRunning();
    if (auto ran = RunAtSignals(); !ran) return ran;
    if (MustStop()) return {};
    if (!round.caught_up && !round.is_busy) {
      Poll(ends_, &none);
      continue;
    }
    if (round.records < kManyRecords) sink_.Flush();
    if (round.is_busy || round.records >= kManyRecords || (round.records > 0 && slept_shortly_)) {
      Poll(ends_, &nap);
    } else {
      Sleep();
    }
  }
  return {};
}

// See image::Control::asleep: whoever publishes a record after our last look sees the flag and wakes us.
void Session::Sleep() {
  const auto start = SteadyClock::now();
  // Losses are told once a second at most: for so long nobody shall wake us for more of them.
  std::chrono::nanoseconds silence = losses_->Silence();
  control_->FallAsleep(/*heeds_losses=*/silence == 0ns);
  if (silence == 0ns && losses_->LooksForFailures()) silence = 1s;
  const bool has_news = silence == 0ns && losses_->HasNews();
  if (pump_->IsEmpty() && !MustStop() && !has_news) {
    const timespec timeout{.tv_sec = silence / 1s, .tv_nsec = (silence % 1s).count()};
    Poll(ends_and_rings_, image_.loss_sites.empty() || silence == 0ns ? nullptr : &timeout);
  }
  control_->Awake();
  slept_shortly_ = SteadyClock::now() - start < kShortSleep;
}

void Session::Poll(std::vector<pollfd>& descriptors, const timespec* timeout) {
  if (ppoll(descriptors.data(), descriptors.size(), timeout, nullptr) <= 0) return;
  for (size_t i = 0; i < ends_.size(); ++i) ended_ |= descriptors[i].revents != 0;
}

Result<int> Session::Finish() {
  if (options_.on_stopping) options_.on_stopping();
  control_->RequestExit();
  if (child_) child_->Terminate();
  const auto proceed = [this] { return !signals_->IsUrgent() && sink_.Healthy(); };
  if (options_.dry_run) {
    Detach();
    return 0;
  }
  pump_->DrainFully(proceed);
  // The end is not to be held up by a producer that does not run; what others wrote behind it must not be lost with it.
  const size_t unfinished = proceed() ? pump_->TakeRest() : 0;
  Result<void> ran;
  if (proceed()) ran = RunPrograms(probes_.EndPrograms(), "end", false);
  if (proceed() && image_.options.print_maps_on_exit) dispatcher_->PrintMapsAtExit();
  losses_->AtEnd(probes_.RecursionMisses(), dispatcher_->malformed(), unfinished);
  sink_.Flush();
  TellOfReaders();
  Detach();
  if (signals_->IsUrgent()) return kInterruptedStatus;
  if (!ran) return std::unexpected(ran.error());
  if (const auto& error = dispatcher_->error()) return std::unexpected(*error);
  return control_->ExitCode();
}

void Session::Detach() {
  const auto start = SteadyClock::now();
  bool told = false;
  probes_.Detach([&](size_t left) {
    if (told || !options_.on_wait || SteadyClock::now() - start < kLongDetach) return;
    told = true;
    options_.on_wait("waiting for the kernel to detach " + std::to_string(left) + " more tracepoints");
  });
}

}  // namespace

Result<int> Run(const image::Image& image, const RunOptions& options, kernel::KernelView& kernel, image::Sink& sink) {
  return Session(image, options, kernel, sink).Run();
}

}  // namespace sonde::runtime
