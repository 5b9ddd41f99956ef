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
         std::holds_alternative<image::RunTest>(plan);
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
    if (auto program = loader_.Load(attachment.program); !program) return std::unexpected(program.error());
  }
  return {};
}

Result<void> ProbeSet::Attach(const std::function<bool()>& proceed) {
  for (size_t group = 0; group < groups_.size(); ++group) {
    if (!proceed()) return {};
    if (auto attached = AttachGroup(group, proceed); !attached) return attached;
  }
  return {};
}

Result<void> ProbeSet::AttachGroup(size_t group, const std::function<bool()>& proceed) {
  while (true) {
    auto attached = AttachWay(group, proceed);
    if (attached) {
      groups_[group].is_attached = *attached;
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
    auto attached = runtime::Attach(attachment, program, loader_.ProgramFd(attachment.program), kernel_);
    if (!attached) return std::unexpected(attached.error());
    groups_[group].attached.push_back(std::move(*attached));
  }
  return true;
}

void ProbeSet::GiveUp(size_t group, const Error& error) {
  Group& state = groups_[group];
  if (state.way == 0) state.first_error = error;
  if (notice_ && state.way + 1 < image_.groups[group].ways.size()) {
    notice_(error.Message() + "; trying another way");
  }
  state.attached.clear();
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

uint32_t ProbeSet::ProbeCount() const {
  uint32_t count = 0;
  for (size_t group = 0; group < groups_.size(); ++group) {
    for (const image::Attachment& attachment : Way(group)) {
      if (groups_[group].is_attached || IsRun(attachment.plan)) count += attachment.probe_count;
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
