// src/symbols: what addresses are called, in the kernel and in processes.
//
// Enters: the stacks of the stack ring, as they come. Leaves: frames with names, when they are printed. What will be
// needed by then and may be gone (what a process has mapped, and the files) is fetched when a stack comes; tables of
// names are read by another thread meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "image/address_names.h"
#include "kernel/kallsyms.h"
#include "symbols/process.h"
#include "symbols/worker.h"

namespace sonde::symbols {

struct SymbolizerOptions {
  bool demangle = true;
  bool debug_lines = true;
  bool lazy = true;  // false: names are looked up when a stack comes
  std::string kallsyms = "/proc/kallsyms";
};

class Symbolizer final : public image::Symbols {
 public:
  explicit Symbolizer(SymbolizerOptions options) : options_(std::move(options)) {}
  ~Symbolizer() override;

  bool AddStack(std::span<const std::byte> record) override;
  void SetSource(std::function<void()> source) override { source_ = std::move(source); }
  std::span<const image::Frame> Stack(image::StackId id) override;
  std::span<const image::BuildIdFrame> BuildIds(image::StackId id) override;
  const image::Frame& KernelSymbol(uint64_t address) override;
  const image::Frame& UserSymbol(const image::UserAddress& address) override;
  std::vector<std::string> Statistics() const override;

 private:
  struct StoredStack {
    image::StackFrames kind = image::StackFrames::kKernel;
    uint32_t limit = 0;           // as StackRecord::limit
    std::vector<uint64_t> words;  // addresses, or BuildIdFrames
    std::shared_ptr<Process> process;
  };

  const StoredStack* Find(image::StackId id);
  // As it is now: read again when it runs another program, or when an address lies in nothing that it had.
  std::shared_ptr<Process> ProcessOf(uint32_t pid, std::span<const uint64_t> addresses);
  std::shared_ptr<Process> ReadProcess(uint32_t pid, const Program& program);
  std::shared_ptr<ObjectFile> OpenObject(const Mapping& mapping, uint32_t pid);
  // Starts reading the kernel's names, if nobody has.
  void FetchKernelNames();
  const image::Frame& KernelFrame(uint64_t address, bool is_return);
  // Without what the kernel called to run the program.
  std::span<const uint64_t> ShownFrames(const StoredStack& stack);

  SymbolizerOptions options_;
  std::function<void()> source_;
  ObjectOpener opener_ = [this](const Mapping& mapping, uint32_t pid) { return OpenObject(mapping, pid); };

  std::shared_future<std::optional<kernel::Kallsyms>> kernel_names_;
  std::unordered_map<uint64_t, image::Frame> kernel_frames_[2];  // as Process::frames_
  std::unordered_map<image::StackId, StoredStack> stacks_;
  std::unordered_map<uint32_t, std::shared_ptr<Process>> processes_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<ObjectFile>> objects_;  // by device and inode
  std::shared_ptr<ObjectFile> vdso_;
  std::vector<image::Frame> shown_;
  std::vector<image::BuildIdFrame> shown_ids_;
  uint64_t processes_read_ = 0;
  uint64_t processes_gone_ = 0;
  Worker worker_;  // last: its jobs use the others
};

}  // namespace sonde::symbols
