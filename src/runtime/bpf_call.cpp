#include "runtime/bpf_call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

namespace sonde::runtime {
namespace {

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// The kernel takes a larger `attr` than its own as long as the rest is zero.
int Bpf(bpf_cmd command, bpf_attr* attr) {
  const long result = syscall(__NR_bpf, command, attr, sizeof(*attr));
  return result < 0 ? -errno : static_cast<int>(result);
}

void CopyName(const std::string& name, char (&to)[BPF_OBJ_NAME_LEN]) {
  const size_t length = std::min(name.size(), sizeof(to) - 1);
  std::memcpy(to, name.data(), length);
}

int ElementCall(bpf_cmd command, int map, const void* key, const void* value, uint64_t flags) {
  bpf_attr attr{};
  attr.map_fd = static_cast<uint32_t>(map);
  attr.key = Address(key);
  attr.value = Address(value);
  attr.flags = flags;
  return Bpf(command, &attr);
}

}  // namespace

std::string KernelObjectName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (out.size() == BPF_OBJ_NAME_LEN - 1) break;
    if (c == '@') continue;  // of a script's map
    const bool legal = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    out += legal ? c : '_';
  }
  return out;
}

int BpfMapCreate(const MapDefinition& definition) {
  bpf_attr attr{};
  attr.map_type = definition.type;
  attr.key_size = definition.key_size;
  attr.value_size = definition.value_size;
  attr.max_entries = definition.max_entries;
  attr.map_flags = definition.flags;
  if (definition.btf_fd >= 0) {
    attr.btf_fd = static_cast<uint32_t>(definition.btf_fd);
    attr.btf_key_type_id = definition.btf_key_type;
    attr.btf_value_type_id = definition.btf_value_type;
  }
  CopyName(KernelObjectName(definition.name), attr.map_name);
  return Bpf(BPF_MAP_CREATE, &attr);
}

int BpfMapLookup(int map, const void* key, void* value) { return ElementCall(BPF_MAP_LOOKUP_ELEM, map, key, value, 0); }

int BpfMapUpdate(int map, const void* key, const void* value, uint64_t flags) {
  return ElementCall(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int BpfMapDelete(int map, const void* key) { return ElementCall(BPF_MAP_DELETE_ELEM, map, key, nullptr, 0); }

int BpfMapNextKey(int map, const void* key, void* next) { return ElementCall(BPF_MAP_GET_NEXT_KEY, map, key, next, 0); }

int BpfMapFreeze(int map) {
  bpf_attr attr{};
  attr.map_fd = static_cast<uint32_t>(map);
  return Bpf(BPF_MAP_FREEZE, &attr);
}

int BpfMapBatch(bpf_cmd command, int map, const void* in_batch, void* out_batch, std::span<std::byte> keys,
                std::span<std::byte> values, uint32_t* count) {
  bpf_attr attr{};
  attr.batch.in_batch = Address(in_batch);
  attr.batch.out_batch = Address(out_batch);
  attr.batch.keys = Address(keys.data());
  attr.batch.values = Address(values.data());
  attr.batch.count = *count;
  attr.batch.map_fd = static_cast<uint32_t>(map);
  const int result = Bpf(command, &attr);
  *count = attr.batch.count;
  return result;
}

int BpfProgramLoad(const ProgramDefinition& definition, std::span<char> log) {
  bpf_attr attr{};
  attr.prog_type = definition.type;
  attr.expected_attach_type = definition.expected_attach_type;
  attr.attach_btf_id = definition.attach_btf_id;
  if (definition.attach_btf_object > 0) attr.attach_btf_obj_fd = static_cast<uint32_t>(definition.attach_btf_object);
  attr.insns = Address(definition.instructions.data());
  attr.insn_cnt = static_cast<uint32_t>(definition.instructions.size());
  attr.license = Address(definition.license);
  CopyName(definition.name, attr.prog_name);
  if (!log.empty()) {
    attr.log_level = 1;
    attr.log_buf = Address(log.data());
    attr.log_size = static_cast<uint32_t>(log.size());
  }
  if (definition.btf_fd >= 0) {
    attr.prog_btf_fd = static_cast<uint32_t>(definition.btf_fd);
    attr.func_info = Address(definition.functions.data());
    attr.func_info_cnt = static_cast<uint32_t>(definition.functions.size());
    attr.func_info_rec_size = sizeof(bpf_func_info);
  }
  // The verifier gives up with EAGAIN when a signal arrives in the middle.
  int result = -EAGAIN;
  for (int attempt = 0; attempt < 5 && result == -EAGAIN; ++attempt) result = Bpf(BPF_PROG_LOAD, &attr);
  return result;
}

int BpfBtfLoad(std::span<const std::byte> btf) {
  bpf_attr attr{};
  attr.btf = Address(btf.data());
  attr.btf_size = static_cast<uint32_t>(btf.size());
  return Bpf(BPF_BTF_LOAD, &attr);
}

int BpfRawTracepointOpen(int program, const char* event) {
  bpf_attr attr{};
  attr.raw_tracepoint.name = Address(event);
  attr.raw_tracepoint.prog_fd = static_cast<uint32_t>(program);
  return Bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

int BpfPerfLink(int program, int perf_event, uint64_t cookie) {
  bpf_attr attr{};
  attr.link_create.prog_fd = static_cast<uint32_t>(program);
  attr.link_create.target_fd = static_cast<uint32_t>(perf_event);
  attr.link_create.attach_type = BPF_PERF_EVENT;
  attr.link_create.perf_event.bpf_cookie = cookie;
  return Bpf(BPF_LINK_CREATE, &attr);
}

int BpfUprobeMultiLink(int program, const char* path, std::span<const uint64_t> offsets,
                       std::span<const uint64_t> semaphores, std::span<const uint64_t> cookies, bool is_return,
                       int pid) {
  // The part of bpf_attr for BPF_LINK_CREATE, which older headers do not have.
  struct {
    uint32_t program;
    uint32_t target;
    uint32_t attach_type;
    uint32_t flags;
    uint64_t path;
    uint64_t offsets;
    uint64_t semaphores;
    uint64_t cookies;
    uint32_t count;
    uint32_t multi_flags;  // bit 0: at return
    uint32_t pid;
    uint32_t padding;
  } attr{.program = static_cast<uint32_t>(program),
         .target = 0,
         .attach_type = kTraceUprobeMulti,
         .flags = 0,
         .path = Address(path),
         .offsets = Address(offsets.data()),
         .semaphores = Address(semaphores.data()),
         .cookies = Address(cookies.data()),
         .count = static_cast<uint32_t>(offsets.size()),
         .multi_flags = is_return ? 1U : 0U,
         .pid = static_cast<uint32_t>(pid),
         .padding = 0};
  const long result = syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
  return result < 0 ? -errno : static_cast<int>(result);
}

namespace {

// bpf_attr.link_create of a kprobe_multi link (include/uapi/linux/bpf.h since 5.18), for older headers.
struct KprobeMultiAttributes {
  uint32_t program = 0;
  uint32_t target = 0;
  uint32_t attach_type = 42;  // BPF_TRACE_KPROBE_MULTI
  uint32_t flags = 0;
  uint32_t multi_flags = 0;
  uint32_t count = 0;
  uint64_t symbols = 0;
  uint64_t addresses = 0;
  uint64_t cookies = 0;
};
constexpr uint32_t kMultiReturn = 1;  // BPF_F_KPROBE_MULTI_RETURN

}  // namespace

int BpfKprobeMultiLink(int program, const KprobeMultiDefinition& definition) {
  KprobeMultiAttributes attributes{.program = static_cast<uint32_t>(program),
                                   .multi_flags = definition.is_return ? kMultiReturn : 0,
                                   .count = static_cast<uint32_t>(definition.functions.size()),
                                   .symbols = Address(definition.functions.data()),
                                   .cookies = Address(definition.cookies.data())};
  const long result = syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
  return result < 0 ? -errno : static_cast<int>(result);
}

int BpfProgramById(uint32_t id) {
  bpf_attr attr{};
  attr.prog_id = id;
  return Bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

int BpfBtfOfModule(const std::string& module) {
  bpf_attr next{};
  while (Bpf(BPF_BTF_GET_NEXT_ID, &next) == 0) {
    bpf_attr open{};
    open.btf_id = next.next_id;
    const int object = Bpf(BPF_BTF_GET_FD_BY_ID, &open);
    std::array<char, 64> name{};
    bpf_btf_info info{};
    info.name = Address(name.data());
    info.name_len = name.size();
    bpf_attr about{};
    about.info.bpf_fd = static_cast<uint32_t>(object);
    about.info.info = Address(&info);
    about.info.info_len = sizeof(info);
    if (object >= 0 && Bpf(BPF_OBJ_GET_INFO_BY_FD, &about) == 0 && info.kernel_btf != 0 && name.data() == module) {
      return object;
    }
    if (object >= 0) close(object);
    next.start_id = next.next_id;
  }
  return -ENOENT;
}

int BpfIteratorLink(int program, const bpf_iter_link_info* info) {
  bpf_attr attr{};
  attr.link_create.prog_fd = static_cast<uint32_t>(program);
  attr.link_create.attach_type = BPF_TRACE_ITER;
  if (info != nullptr) {
    attr.link_create.iter_info = Address(info);
    attr.link_create.iter_info_len = sizeof(*info);
  }
  return Bpf(BPF_LINK_CREATE, &attr);
}

int BpfIteratorOpen(int link) {
  bpf_attr attr{};
  attr.iter_create.link_fd = static_cast<uint32_t>(link);
  return Bpf(BPF_ITER_CREATE, &attr);
}

int BpfPin(int object, const char* path) {
  bpf_attr attr{};
  attr.pathname = Address(path);
  attr.bpf_fd = static_cast<uint32_t>(object);
  return Bpf(BPF_OBJ_PIN, &attr);
}

int BpfRunRawTracepoint(int program) {
  bpf_attr attr{};
  attr.test.prog_fd = static_cast<uint32_t>(program);
  return Bpf(BPF_PROG_TEST_RUN, &attr);
}

int BpfProgramInfo(int program, bpf_prog_info* info) {
  std::memset(info, 0, sizeof(*info));
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<uint32_t>(program);
  attr.info.info = Address(info);
  attr.info.info_len = sizeof(*info);
  return Bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int BpfEnableStats() {
  bpf_attr attr{};
  attr.enable_stats.type = BPF_STATS_RUN_TIME;
  return Bpf(BPF_ENABLE_STATS, &attr);
}

}  // namespace sonde::runtime
