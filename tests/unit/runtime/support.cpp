#include "support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace sonde::runtime::testing {
namespace {

const std::string kPrograms = std::string(SONDE_TEST_DIR) + "/unit/runtime/programs/";

// A folder that goes with the process.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sonde-runtime-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  pid_t owner_ = getpid();
};

const ScratchFolder& Scratch() {
  static const ScratchFolder folder;
  return folder;
}

bool Shell(const std::string& command) { return std::system(command.c_str()) == 0; }

image::EventSpec Event(image::EventKind kind, uint32_t map = image::kNone) {
  image::EventSpec spec{.kind = kind};
  if (kind == image::EventKind::kPrintf) {
    spec.slots.push_back({.offset = 8, .type = 0});
    spec.fixed_size = spec.max_size = 16;
  }
  spec.map = map;
  return spec;
}

}  // namespace

std::string WhyNotLive() {
  if (geteuid() != 0) return "SKIPPED: loading programs needs root";
  if (ProbesElf().empty()) return "SKIPPED: clang-19 is not there to compile the programs";
  return "";
}

const std::vector<std::byte>& ProbesElf() {
  static const std::vector<std::byte> elf = [] {
    const std::string object = Scratch() / "probes.o";
    std::vector<std::byte> bytes;
    if (!Shell("clang-19 -O2 -mcpu=v3 -target bpf -c " + kPrograms + "probes.c -o " + object)) return bytes;
    std::ifstream file(object, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    bytes.resize(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
  }();
  return elf;
}

std::string LoadCommand(uint64_t count, uint64_t sleep_us) {
  static const bool compiled = Shell("cc -O2 " + kPrograms + "load.c -o " + (Scratch() / "load"));
  EXPECT_TRUE(compiled);
  return fmt::format("{} {} {} {}", Scratch() / "load", count, kLoadSyscall, sleep_us);
}

TestImage::TestImage() {
  image.elf = ProbesElf();
  image.types.push_back({.kind = image::ValueKind::kInt, .size = 8});
  image.loss_sites.push_back({.where = {"test.bt", 1, 2}, .object = "printf"});
  using image::MapRole;
  image.maps = {
      {.name = "control",
       .role = MapRole::kControl,
       .bpf_type = BPF_MAP_TYPE_ARRAY,
       .key_size = 4,
       .value_size = image::kLossCountersOffset + 4 * sizeof(uint64_t),  // struct control in programs/abi.h
       .max_entries = 1},
      {.name = "data", .role = MapRole::kDataRing, .bpf_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4U << 20},
      {.name = "control_ring", .role = MapRole::kControlRing, .bpf_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 65536},
      {.name = "constants",
       .role = MapRole::kConstants,
       .bpf_type = BPF_MAP_TYPE_ARRAY,
       .key_size = 4,
       .value_size = 16,
       .max_entries = 1},
      {.name = "@count",
       .bpf_type = BPF_MAP_TYPE_PERCPU_ARRAY,
       .key_size = 4,
       .value_size = 8,
       .max_entries = 1,
       .per_cpu = true,
       .is_keyless = true,
       .aggregation = image::Aggregation::kCount},
      {.name = "@by_key",
       .bpf_type = BPF_MAP_TYPE_PERCPU_HASH,
       .key_size = 8,
       .value_size = 8,
       .max_entries = 64,
       .per_cpu = true,
       .aggregation = image::Aggregation::kCount},
      {.name = "@marked",
       .bpf_type = BPF_MAP_TYPE_ARRAY,
       .key_size = 4,
       .value_size = 16,
       .max_entries = 1,
       .is_keyless = true,
       .present_offset = 8},
  };
  using image::EventKind;
  image.events = {Event(EventKind::kPrintf),
                  Event(EventKind::kPrintMap, kCount),
                  Event(EventKind::kClearMap, kCount),
                  Event(EventKind::kExit),
                  Event(EventKind::kZeroMap, kCount),
                  Event(EventKind::kPrintMap, kCountByKey),
                  Event(EventKind::kClearMap, kCountByKey),
                  Event(EventKind::kZeroMap, kCountByKey)};
  SetLimit(0);
}

uint32_t TestImage::Program(const std::string& section, image::ProgramType type) {
  image.programs.push_back(
      {.section = section, .name = section, .type = type, .attach_to = "sys_enter", .covers = "test:" + section});
  return static_cast<uint32_t>(image.programs.size() - 1);
}

void TestImage::Attach(const std::string& section, image::ProgramType type, image::AttachPlan plan) {
  const image::Attachment attachment{
      .program = Program(section, type), .plan = std::move(plan), .probe = "test:" + section};
  image.groups.push_back({.ways = {{attachment}}});
}

void TestImage::AttachRaw(const std::string& section, const std::string& event) {
  Attach(section, image::ProgramType::kRawTracepoint, image::AttachRawTracepoint{event});
}

void TestImage::SetLimit(uint64_t limit) {
  const uint64_t constants[] = {kLoadSyscall, limit};
  image.constants.resize(sizeof(constants));
  std::memcpy(image.constants.data(), constants, sizeof(constants));
}

std::unique_ptr<kernel::KernelView> ThisKernel() { return kernel::KernelView::Live(); }

uint64_t Number(std::span<const std::byte> bytes, size_t offset) {
  uint64_t number = 0;
  if (offset + sizeof(number) <= bytes.size()) std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

void CollectingSink::Emit(const image::Event& event) {
  if (const auto* record = std::get_if<image::RecordEvent>(&event)) {
    ++records;
    if (on_record) on_record();
    if (!keep_records) return;
    values.push_back(Number(record->record, 8));
    log.push_back(fmt::format("printf {}", values.back()));
  } else if (const auto* map = std::get_if<image::MapEvent>(&event)) {
    std::string text = "map " + map->map->name;
    if (map->rows.size() < 5) {
      for (const auto row : map->rows) text += fmt::format(" {}:{}", Number(row.key), Number(row.value));
    }
    log.push_back(text);
    maps.push_back(*map);
  } else if (const auto* attached = std::get_if<image::AttachedEvent>(&event)) {
    log.push_back(fmt::format("attached {}", attached->probes));
  } else if (const auto* loss = std::get_if<image::LossEvent>(&event)) {
    losses.push_back(*loss);
    log.push_back(fmt::format("lost {} {}", loss->count, loss->reason));
  }
}

uint64_t CollectingSink::Lost() const {
  uint64_t lost = 0;
  for (const image::LossEvent& loss : losses) {
    if (loss.at_end && loss.site != nullptr) lost += loss.count;
  }
  return lost;
}

int RunOrFail(const TestImage& image, CollectingSink& sink, const RunOptions& options) {
  const auto kernel = ThisKernel();
  const auto status = Run(image.image, options, *kernel, sink);
  if (status) return *status;
  ADD_FAILURE() << status.error().Message() << "\n" << status.error().detail;
  return -1;
}

pid_t RunInBackground(const TestImage& image, CollectingSink& sink, const RunOptions& options) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const auto kernel = ThisKernel();
  const auto status = Run(image.image, options, *kernel, sink);
  if (!status) fmt::print(stderr, "{}\n", status.error().Message());
  _exit(status ? *status : 99);
}

int WaitFor(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace sonde::runtime::testing
