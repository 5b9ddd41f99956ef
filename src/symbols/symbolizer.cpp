#include "symbols/symbolizer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace sonde::symbols {

using image::Frame;
using image::StackFrames;

namespace {

// "bpf_prog_0123456789abcdef_name".
bool IsProgram(std::string_view name) {
  constexpr std::string_view kStart = "bpf_prog_";
  constexpr size_t kTagLength = 16;
  if (!name.starts_with(kStart) || name.size() < kStart.size() + kTagLength) return false;
  return std::ranges::all_of(name.substr(kStart.size(), kTagLength),
                             [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// What the kernel calls between a tracepoint, or the tracer's own wish to run a program, and the program.
constexpr std::array<std::string_view, 7> kEntryFunctions = {
    "bpf_trace_run",  "__bpf_trace_", "__traceiter_", "bpf_prog_test_run_raw_tp", "__bpf_prog_test_run_raw_tp",
    "__bpf_prog_run", "bpf_for_each_"};

bool IsEntry(std::string_view name) {
  return IsProgram(name) ||
         std::ranges::any_of(kEntryFunctions, [name](std::string_view start) { return name.starts_with(start); });
}

// Of one device and inode, in case that the same number means another file in another place.
std::shared_ptr<ObjectFile> OpenFirst(const std::vector<std::string>& paths, const Mapping& mapping,
                                      const std::string& root, const ObjectOptions& options) {
  for (const std::string& path : paths) {
    UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid()) return std::make_shared<ObjectFile>(mapping.path, std::move(file), root, options);
  }
  return nullptr;
}

}  // namespace

Symbolizer::~Symbolizer() = default;

bool Symbolizer::AddStack(std::span<const std::byte> record) {
  image::StackRecord header;
  if (record.size() < sizeof header) return false;
  std::memcpy(&header, record.data(), sizeof header);
  const std::span<const std::byte> frames = record.subspan(sizeof header);
  if (header.bytes > frames.size() || header.bytes % sizeof(uint64_t) != 0) return false;
  const auto [entry, is_new] = stacks_.try_emplace(header.id);
  if (!is_new) return true;
  StoredStack& stack = entry->second;
  stack.kind = header.frames;
  stack.limit = header.limit;
  stack.words.resize(header.bytes / sizeof(uint64_t));
  std::memcpy(stack.words.data(), frames.data(), header.bytes);
  if (header.frames == StackFrames::kKernel) FetchKernelNames();
  if (header.frames == StackFrames::kUser) stack.process = ProcessOf(header.pid, stack.words);
  if (!options_.lazy) Stack(header.id);
  return true;
}

// --- processes

std::shared_ptr<Process> Symbolizer::ReadProcess(uint32_t pid, const Program& program) {
  ++processes_read_;
  auto process = std::make_shared<Process>(pid, program);
  if (process->empty()) {
    ++processes_gone_;
    return nullptr;
  }
  return processes_[pid] = std::move(process);
}

std::shared_ptr<Process> Symbolizer::ProcessOf(uint32_t pid, std::span<const uint64_t> addresses) {
  const auto known = processes_.find(pid);
  const std::optional<Program> program = ProgramOf(pid);
  std::shared_ptr<Process> process = known == processes_.end() ? nullptr : known->second;
  if (!program) {
    if (process == nullptr) ++processes_gone_;
  } else if (process == nullptr || process->program() != *program) {
    if (auto now = ReadProcess(pid, *program)) process = std::move(now);
  }
  if (process == nullptr || process->Prepare(addresses, opener_)) return process;
  if (!program || !process->MayHaveChanged()) return process;
  auto now = std::make_shared<Process>(pid, *program);
  ++processes_read_;
  if (now->empty() || now->HasMappingsOf(*process)) {
    process->MarkUnchanged();
    return process;
  }
  now->ComesAfter(*process);
  now->Prepare(addresses, opener_);
  return processes_[pid] = std::move(now);
}

std::shared_ptr<ObjectFile> Symbolizer::OpenObject(const Mapping& mapping, uint32_t pid) {
  if (mapping.inode == 0) {
    if (vdso_ == nullptr) vdso_ = ObjectFile::Vdso({.demangle = options_.demangle});
    return vdso_;
  }
  const auto [entry, is_new] = objects_.try_emplace({mapping.device, mapping.inode});
  std::shared_ptr<ObjectFile>& object = entry->second;
  if (!is_new && object != nullptr) return object;
  const std::string root = fmt::format("/proc/{}/root", pid);
  object =
      OpenFirst({fmt::format("/proc/{}/map_files/{:x}-{:x}", pid, mapping.start, mapping.end), root + mapping.path},
                mapping, root, {.demangle = options_.demangle, .debug_lines = options_.debug_lines});
  if (object != nullptr) worker_.Do([object] { object->Load(); });
  return object;
}

// --- the kernel

void Symbolizer::FetchKernelNames() {
  if (kernel_names_.valid()) return;
  auto task = std::make_shared<std::packaged_task<std::optional<kernel::Kallsyms>()>>(
      [path = options_.kallsyms]() -> std::optional<kernel::Kallsyms> {
        auto read = kernel::Kallsyms::Read(path);
        if (!read) return std::nullopt;
        return std::move(*read);
      });
  kernel_names_ = task->get_future().share();
  worker_.Do([task] { (*task)(); });
}

const Frame& Symbolizer::KernelFrame(uint64_t address, bool is_return) {
  auto [entry, is_new] = kernel_frames_[is_return ? 1 : 0].try_emplace(address);
  Frame& frame = entry->second;
  if (!is_new) return frame;
  frame.address = address;
  FetchKernelNames();
  const std::optional<kernel::Kallsyms>& names = kernel_names_.get();
  const auto symbol = names ? names->At(address - (is_return ? 1 : 0)) : std::nullopt;
  if (!symbol) return frame;
  frame.name = symbol->name;
  frame.module = symbol->module;
  frame.offset = address - symbol->address;
  return frame;
}

const Frame& Symbolizer::KernelSymbol(uint64_t address) { return KernelFrame(address, false); }

// --- asking

const Symbolizer::StoredStack* Symbolizer::Find(image::StackId id) {
  auto found = stacks_.find(id);
  if (found == stacks_.end() && source_) {
    source_();
    found = stacks_.find(id);
  }
  return found == stacks_.end() ? nullptr : &found->second;
}

std::span<const uint64_t> Symbolizer::ShownFrames(const StoredStack& stack) {
  std::span<const uint64_t> frames = stack.words;
  if (stack.limit == 0) return frames;
  while (frames.size() > 1 && IsEntry(KernelFrame(frames[0], true).name)) frames = frames.subspan(1);
  return frames.first(std::min<size_t>(frames.size(), stack.limit));
}

std::span<const Frame> Symbolizer::Stack(image::StackId id) {
  shown_.clear();
  const StoredStack* stack = Find(id);
  if (stack == nullptr || stack->kind == StackFrames::kUserBuildIds) return shown_;
  const std::span<const uint64_t> frames = ShownFrames(*stack);
  for (size_t i = 0; i < frames.size(); ++i) {
    const uint64_t address = frames[i];
    if (stack->kind == StackFrames::kKernel) {
      shown_.push_back(KernelFrame(address, i > 0 || stack->limit > 0));
    } else if (stack->process != nullptr) {
      const std::vector<Frame>& found = stack->process->At(address, i > 0, opener_);
      shown_.insert(shown_.end(), found.begin(), found.end());
    } else {
      shown_.push_back({.address = address});
    }
  }
  return shown_;
}

std::span<const image::BuildIdFrame> Symbolizer::BuildIds(image::StackId id) {
  shown_ids_.clear();
  const StoredStack* stack = Find(id);
  if (stack == nullptr || stack->kind != StackFrames::kUserBuildIds) return shown_ids_;
  shown_ids_.resize(stack->words.size() * sizeof(uint64_t) / sizeof(image::BuildIdFrame));
  std::memcpy(static_cast<void*>(shown_ids_.data()), stack->words.data(),
              shown_ids_.size() * sizeof(image::BuildIdFrame));
  return shown_ids_;
}

const Frame& Symbolizer::UserSymbol(const image::UserAddress& address) {
  const auto pid = static_cast<uint32_t>(address.pid);
  if (source_ && !processes_.contains(pid)) source_();
  const auto known = processes_.find(pid);
  std::shared_ptr<Process> process =
      known != processes_.end() ? known->second : ProcessOf(pid, std::span(&address.address, 1));
  if (process != nullptr) return process->At(address.address, false, opener_).back();
  shown_.assign(1, {.address = address.address});
  return shown_[0];
}

std::vector<std::string> Symbolizer::Statistics() const {
  std::vector<std::string> lines;
  if (stacks_.empty()) return lines;
  size_t symbols = 0;
  for (const auto& [key, object] : objects_) symbols += object == nullptr ? 0 : object->symbol_count();
  lines.push_back(fmt::format("{} different stacks; memory maps of processes read {} times, {} had ended before",
                              stacks_.size(), processes_read_, processes_gone_));
  lines.push_back(fmt::format("{} names of {} programs and libraries; {} kernel addresses looked up", symbols,
                              objects_.size(), kernel_frames_[0].size() + kernel_frames_[1].size()));
  return lines;
}

}  // namespace sonde::symbols
