#include "runtime/loader.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>

#include "kernel/alternatives.h"
#include "kernel/btf.h"
#include "runtime/refusal.h"

namespace sonde::runtime {
namespace {

constexpr size_t kFirstLogSize = 64UL << 10;
constexpr size_t kLargestLog = 16UL << 20;

// One call again after the memory limit was raised, when it failed for lack of permission.
int WithMemoryLimit(const std::function<int()>& call) {
  const int result = call();
  return result == -EPERM && RaiseMemoryLimit() ? call() : result;
}

std::string VerifierLog(const ProgramDefinition& definition) {
  std::string log;
  for (size_t size = kFirstLogSize; size <= kLargestLog; size *= 4) {
    log.assign(size, '\0');
    if (BpfProgramLoad(definition, log) != -ENOSPC) break;
  }
  log.resize(std::strlen(log.c_str()));
  return log;
}

// Of enum bpf_attach_type: 5.18 has it, Debian 12's headers do not.
constexpr auto kTraceKprobeMulti = static_cast<bpf_attach_type>(42);

bool IsRing(const image::MapSpec& spec) { return spec.bpf_type == BPF_MAP_TYPE_RINGBUF; }

// A power of two of whole pages.
uint32_t RoundRingSize(uint32_t wish) {
  return std::bit_ceil(std::max(wish, static_cast<uint32_t>(sysconf(_SC_PAGESIZE))));
}

}  // namespace

Loader::Loader(const image::Image& image, kernel::KernelView& kernel)
    : image_(image), kernel_(kernel), programs_(image.programs.size()) {}

Result<void> Loader::CreateMaps() {
  for (const image::MapSpec& spec : image_.maps) {
    auto map = CreateMap(spec);
    if (!map) return std::unexpected(map.error());
    if (spec.role == image::MapRole::kConstants) {
      if (auto filled = FillConstants(spec, map->get()); !filled) return filled;
    }
    maps_.push_back(std::move(*map));
  }
  return {};
}

Result<UniqueFd> Loader::CreateMap(const image::MapSpec& spec) {
  MapDefinition definition{.name = spec.name,
                           .type = spec.bpf_type,
                           .key_size = spec.key_size,
                           .value_size = spec.value_size,
                           .max_entries = spec.max_entries,
                           .flags = spec.flags};
  if (IsRing(spec)) {
    definition.key_size = definition.value_size = 0;
    definition.max_entries = RoundRingSize(spec.max_entries);
  }
  if (spec.role == image::MapRole::kControl) definition.flags |= BPF_F_MMAPABLE;
  if (spec.role == image::MapRole::kConstants) definition.flags |= BPF_F_RDONLY_PROG;
  UniqueFd btf;
  if (spec.role == image::MapRole::kCalls) {
    const ValueBtf described = DescribeValue(spec.value_size);
    btf.Reset(WithMemoryLimit([&] { return BpfBtfLoad(described.bytes); }));
    if (!btf.valid()) return std::unexpected(Refused("load BTF for map", spec.name, -btf.Release(), kernel_));
    definition.btf_fd = btf.get();
    definition.btf_key_type = described.key;
    definition.btf_value_type = described.value;
  }
  UniqueFd map(WithMemoryLimit([&] { return BpfMapCreate(definition); }));
  if (!map.valid()) return std::unexpected(Refused("create map", spec.name, -map.Release(), kernel_));
  return map;
}

Result<void> Loader::FillConstants(const image::MapSpec& spec, int map) {
  std::vector<std::byte> value = image_.constants;
  value.resize(std::max<size_t>(value.size(), spec.value_size));
  const uint32_t key = 0;
  int result = BpfMapUpdate(map, &key, value.data(), BPF_ANY);
  // Frozen, the verifier knows the bytes and folds them into the program.
  if (result == 0) result = BpfMapFreeze(map);
  if (result != 0) return std::unexpected(Refused("fill map", spec.name, -result, kernel_));
  return {};
}

uint32_t Loader::RingSize(uint32_t map) const { return RoundRingSize(image_.maps.at(map).max_entries); }

Result<int> Loader::Load(uint32_t program) {
  SONDE_CHECK(program < programs_.size());
  UniqueFd& loaded = programs_[program];
  if (loaded.valid()) return loaded.get();
  const image::ProgramSpec& spec = image_.programs[program];
  auto code = ReadCode(spec);
  if (!code) return std::unexpected(code.error());
  auto fd = LoadCode(spec, *code);
  if (!fd) return std::unexpected(fd.error());
  loaded = std::move(*fd);
  return loaded.get();
}

Result<ProgramCode> Loader::ReadCode(const image::ProgramSpec& spec) {
  if (!object_) {
    auto object = ProgramObject::Open(image_.elf);
    if (!object) return std::unexpected(object.error());
    object_ = std::move(*object);
  }
  std::vector<int> maps;
  maps.reserve(maps_.size());
  for (const UniqueFd& map : maps_) maps.push_back(map.get());
  return object_->Read(spec.section, maps, spec.probe_id, readers_);
}

Result<void> Loader::SetType(const image::ProgramSpec& spec, ProgramDefinition* definition) {
  switch (spec.type) {
    case image::ProgramType::kRawTracepoint:
      definition->type = BPF_PROG_TYPE_RAW_TRACEPOINT;
      return {};
    case image::ProgramType::kTracepoint:
      definition->type = BPF_PROG_TYPE_TRACEPOINT;
      return {};
    case image::ProgramType::kPerfEvent:
      definition->type = BPF_PROG_TYPE_PERF_EVENT;
      return {};
    case image::ProgramType::kUprobeMulti:
      definition->expected_attach_type = static_cast<bpf_attach_type>(kTraceUprobeMulti);
      [[fallthrough]];
    case image::ProgramType::kKprobe:
      definition->type = BPF_PROG_TYPE_KPROBE;
      return {};
    case image::ProgramType::kKprobeMulti:
      definition->type = BPF_PROG_TYPE_KPROBE;
      definition->expected_attach_type = kTraceKprobeMulti;
      return {};
    case image::ProgramType::kFunctionEntry:
      return SetTracing(spec, BPF_TRACE_FENTRY, kernel::BtfKind::kFunc, spec.attach_to, definition);
    case image::ProgramType::kFunctionExit:
      return SetTracing(spec, BPF_TRACE_FEXIT, kernel::BtfKind::kFunc, spec.attach_to, definition);
    case image::ProgramType::kTracingRawTracepoint:
      // Every tracepoint has a typedef of its arguments (kernel/trace/bpf_trace.c, BPF_RAW_TP).
      return SetTracing(spec, BPF_TRACE_RAW_TP, kernel::BtfKind::kTypedef, "btf_trace_" + spec.attach_to, definition);
    case image::ProgramType::kIterator:
      return SetTracing(spec, BPF_TRACE_ITER, kernel::BtfKind::kFunc, "bpf_iter_" + spec.attach_to, definition);
  }
  return {};
}

Result<void> Loader::SetTracing(const image::ProgramSpec& spec, bpf_attach_type attach, kernel::BtfKind kind,
                                const std::string& name, ProgramDefinition* definition) {
  definition->type = BPF_PROG_TYPE_TRACING;
  definition->expected_attach_type = attach;
  if (name.starts_with("bpf:")) return SetBpfTarget(spec, name, definition);
  const size_t colon = name.find(':');
  const std::string module = colon == std::string::npos ? "vmlinux" : name.substr(0, colon);
  const std::string own_name = name.substr(colon + 1);  // npos + 1 is 0
  const auto btf = kernel_.ModuleBtf(module);
  if (!btf) return std::unexpected(btf.error());
  const auto id = (*btf)->Find(kind, own_name);
  if (!id) {
    return std::unexpected(Error{.operation = "load the program for",
                                 .object = spec.covers,
                                 .error_number = ENOENT,
                                 .reason = "the kernel's BTF does not have " + own_name});
  }
  if (module != "vmlinux") {
    auto object = ModuleObject(module);
    if (!object) return std::unexpected(object.error());
    definition->attach_btf_object = *object;
  }
  definition->attach_btf_id = *id;
  return {};
}

// "bpf:id:function"
Result<void> Loader::SetBpfTarget(const image::ProgramSpec& spec, const std::string& name,
                                  ProgramDefinition* definition) {
  for (const kernel::BpfFunction& function : kernel_.BpfFunctions()) {
    if ("bpf:" + std::to_string(function.program) + ":" + function.name != name) continue;
    UniqueFd target(BpfProgramById(function.program));
    if (!target.valid()) break;
    definition->attach_btf_id = function.function;
    definition->attach_btf_object = module_objects_.insert_or_assign(name, std::move(target)).first->second.get();
    return {};
  }
  return std::unexpected(Error{.operation = "load the program for",
                               .object = spec.covers,
                               .error_number = ENOENT,
                               .reason = "that BPF program is not loaded any more"});
}

Result<int> Loader::ModuleObject(const std::string& module) {
  if (auto known = module_objects_.find(module); known != module_objects_.end()) return known->second.get();
  UniqueFd object(BpfBtfOfModule(module));
  if (!object.valid()) return std::unexpected(Refused("find the BTF of", module, -object.Release(), kernel_));
  return module_objects_.emplace(module, std::move(object)).first->second.get();
}

Result<UniqueFd> Loader::LoadCode(const image::ProgramSpec& spec, const ProgramCode& code) {
  ProgramDefinition definition{
      .name = KernelObjectName(spec.name), .instructions = code.instructions, .license = image_.license.c_str()};
  if (auto typed = SetType(spec, &definition); !typed) return std::unexpected(typed.error());
  UniqueFd btf_fd;
  FunctionBtf btf;
  if (code.has_callbacks) {
    btf = DescribeFunctions(SubprogramStarts(code.instructions));
    btf_fd.Reset(WithMemoryLimit([&] { return BpfBtfLoad(btf.bytes); }));
    if (!btf_fd.valid()) return std::unexpected(Refused("load BTF for", spec.covers, -btf_fd.Release(), kernel_));
    definition.btf_fd = btf_fd.get();
    definition.functions = btf.functions;
  }
  UniqueFd program(WithMemoryLimit([&] { return BpfProgramLoad(definition, {}); }));
  if (program.valid()) return program;
  const int error_number = -program.Release();
  Error error = ProgramRefused(spec.covers, error_number, VerifierLog(definition), kernel_);
  const bool on_function =
      spec.type == image::ProgramType::kFunctionEntry || spec.type == image::ProgramType::kFunctionExit;
  if (on_function) ExplainFunction(spec.attach_to, &error);
  return std::unexpected(std::move(error));
}

// The function may be one that cannot be traced so, or the kernel one that traces none so.
void Loader::ExplainFunction(std::string_view attach_to, Error* error) {
  const std::string_view function = attach_to.substr(attach_to.rfind(':') + 1);
  std::string others = kernel_.HasKprobes() ? "kprobe:" + std::string(function) + " may do" : "";
  const std::string tracepoints = kernel::TracepointsAbout(kernel_, function);
  if (!others.empty() && !tracepoints.empty()) others += "; ";
  others += tracepoints;
  if (others.empty()) return;
  const bool is_denied = error->error_number == EPERM || error->error_number == EACCES;
  error->remedy = error->remedy.empty() || !is_denied ? others : error->remedy + "; " + others;
}

}  // namespace sonde::runtime
