#include "runtime/probe_set.h"

#include <linux/bpf.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/bpf_call.h"

namespace sonde::runtime {
namespace {

bool IsRun(const image::AttachPlan& plan) {
  return std::holds_alternative<image::RunAtBegin>(plan) || std::holds_alternative<image::RunAtEnd>(plan) ||
         std::holds_alternative<image::RunTest>(plan) || std::holds_alternative<image::RunAtSignal>(plan);
}

}  // namespace

ProbeSet::ProbeSet(const image::Image& image, Loader& loader, kernel::KernelView& kernel, Notice notice)
    : image_(image), loader_(loader), kernel_(kernel), notice_(std::move(notice)), groups_(image.groups.size()) {}

const std::vector<image::Attachment>& ProbeSet::Way(size_t group) const {
  return image_.groups[group].ways.at(groups_[group].way);
}

Result<void> ProbeSet::Load() {
  for (size_t group = 0; group < groups_.size(); ++group) {
    if (auto loaded = LoadFrom(group, 0); !loaded) return loaded;
  }
  return {};
}

Result<void> ProbeSet::LoadFrom(size_t group, size_t way) {
  const size_t ways = image_.groups[group].ways.size();
  SONDE_CHECK(ways > 0);
  for (; way < ways; ++way) {
    groups_[group].way = way;
    auto loaded = LoadWay(group);
    if (loaded) return {};
    GiveUp(group, loaded.error());
  }
  return std::unexpected(groups_[group].first_error);
}

Result<void> ProbeSet::LoadWay(size_t group) {
  for (const image::Attachment& attachment : Way(group)) {
    auto program = loader_.Load(attachment.program);
    if (program) continue;
    // Programs on trampolines are loaded for their function, others are wrong by themselves.
    const image::ProgramType type = image_.programs[attachment.program].type;
    const bool is_of_function =
        type == image::ProgramType::kFunctionEntry || type == image::ProgramType::kFunctionExit;
    if (!attachment.is_optional || !is_of_function) return std::unexpected(program.error());
    LeaveOut(program.error(), attachment.is_quiet);
  }
  return {};
}

Result<void> ProbeSet::Attach(const std::function<bool()>& proceed) {
  for (size_t group = 0; group < groups_.size(); ++group) {
    if (!proceed()) return {};
    if (auto attached = AttachGroup(group, proceed); !attached) return attached;
  }
  const auto is_empty = [](const Group& group) { return group.probes == 0; };
  if (left_out_.count > 0 && std::ranges::all_of(groups_, is_empty)) return std::unexpected(left_out_.first_error);
  return {};
}

Result<void> ProbeSet::AttachGroup(size_t group, const std::function<bool()>& proceed) {
  while (true) {
    auto attached = AttachWay(group, proceed);
    if (attached) {
      return {};
    }
    GiveUp(group, attached.error());
    if (auto loaded = LoadFrom(group, groups_[group].way + 1); !loaded) return loaded;
  }
}

Result<bool> ProbeSet::AttachWay(size_t group, const std::function<bool()>& proceed) {
  for (const image::Attachment& attachment : Way(group)) {
    if (!proceed()) return false;
    const image::ProgramSpec& program = image_.programs[attachment.program];
    const int descriptor = loader_.ProgramFd(attachment.program);
    if (descriptor < 0) continue;  // left out
    auto attached = runtime::Attach(attachment, program, descriptor, kernel_, target_);
    if (!attached && attachment.is_optional) {
      LeaveOut(attached.error(), attachment.is_quiet);
      continue;
    }
    if (!attached) return std::unexpected(attached.error());
    groups_[group].attached.push_back(std::move(*attached));
    if (!IsRun(attachment.plan)) groups_[group].probes += attachment.probe_count;
  }
  return true;
}

void ProbeSet::LeaveOut(const Error& error, bool is_quiet) {
  if (left_out_.count++ == 0) left_out_.first_error = error;
  if (is_quiet) ++left_out_.quiet;
  if (notice_ && !is_quiet) notice_(error.Message() + "; left out");
}

void ProbeSet::GiveUp(size_t group, const Error& error) {
  Group& state = groups_[group];
  if (state.way == 0) state.first_error = error;
  if (notice_ && state.way + 1 < image_.groups[group].ways.size()) {
    notice_(error.Message() + "; trying another way");
  }
  state.attached.clear();
  state.probes = 0;
  const size_t failed = std::exchange(state.way, image_.groups[group].ways.size());  // IsUsed shall not see it
  for (const image::Attachment& attachment : image_.groups[group].ways[failed]) {
    if (!IsUsed(attachment.program)) loader_.Unload(attachment.program);
  }
  state.way = failed;
}

bool ProbeSet::IsUsed(uint32_t program) const {
  for (size_t group = 0; group < groups_.size(); ++group) {
    if (groups_[group].way == image_.groups[group].ways.size()) continue;
    const auto runs = [&](const image::Attachment& attachment) { return attachment.program == program; };
    if (std::ranges::any_of(Way(group), runs)) return true;
  }
  return false;
}

void ProbeSet::Detach(const std::function<void(size_t)>& before_slow) {
  std::vector<Attached> slow;
  for (Group& group : groups_) {
    for (Attached& attached : group.attached) {
      if (attached.slow_to_detach) slow.push_back(std::move(attached));
    }
    group.attached.clear();
  }
  while (!slow.empty()) {
    before_slow(slow.size());
    slow.pop_back();
  }
}

template <typename Plan>
std::vector<int> ProbeSet::ProgramsOf() const {
  std::vector<int> out;
  for (size_t group = 0; group < groups_.size(); ++group) {
    for (const image::Attachment& attachment : Way(group)) {
      if (std::holds_alternative<Plan>(attachment.plan)) out.push_back(loader_.ProgramFd(attachment.program));
    }
  }
  return out;
}

std::vector<int> ProbeSet::BeginPrograms() const { return ProgramsOf<image::RunAtBegin>(); }
std::vector<int> ProbeSet::EndPrograms() const { return ProgramsOf<image::RunAtEnd>(); }

std::vector<ProbeSet::Test> ProbeSet::Tests() const {
  std::vector<Test> out;
  for (size_t group = 0; group < groups_.size(); ++group) {
    for (const image::Attachment& attachment : Way(group)) {
      if (const auto* test = std::get_if<image::RunTest>(&attachment.plan)) {
        out.push_back({test, loader_.ProgramFd(attachment.program)});
      }
    }
  }
  return out;
}

std::vector<SignalProbes::Probe> ProbeSet::SignalPrograms() const {
  std::vector<SignalProbes::Probe> out;
  for (size_t group = 0; group < groups_.size(); ++group) {
    for (const image::Attachment& attachment : Way(group)) {
      const auto* at = std::get_if<image::RunAtSignal>(&attachment.plan);
      if (at != nullptr) out.push_back({at->signal, loader_.ProgramFd(attachment.program)});
    }
  }
  return out;
}

std::vector<int> ProbeSet::Iterators() const {
  std::vector<int> out;
  for (const Group& group : groups_) {
    for (const Attached& attached : group.attached) {
      if (attached.is_iterator) out.push_back(attached.link.get());
    }
  }
  return out;
}

bool ProbeSet::HasOnlyIterators() const {
  bool any = false;
  for (size_t group = 0; group < groups_.size(); ++group) {
    for (const image::Attachment& attachment : Way(group)) {
      const auto* iterator = std::get_if<image::AttachIterator>(&attachment.plan);
      const bool is_iterator = iterator != nullptr && iterator->pin.empty();
      if (!is_iterator && !IsRun(attachment.plan)) return false;
      any = any || is_iterator;
    }
  }
  return any;
}

uint32_t ProbeSet::ProbeCount() const {
  uint32_t count = 0;
  for (size_t group = 0; group < groups_.size(); ++group) {
    count += groups_[group].probes;
    for (const image::Attachment& attachment : Way(group)) {
      if (IsRun(attachment.plan)) count += attachment.probe_count;
    }
  }
  return count;
}

std::vector<ProbeSet::Misses> ProbeSet::RecursionMisses() const {
  std::vector<Misses> out;
  for (uint32_t program = 0; program < image_.programs.size(); ++program) {
    bpf_prog_info info;
    if (loader_.ProgramFd(program) < 0 || BpfProgramInfo(loader_.ProgramFd(program), &info) != 0) continue;
    if (info.recursion_misses != 0) out.push_back({image_.programs[program].covers, info.recursion_misses});
  }
  return out;
}

}  // namespace sonde::runtime
