// The bpf() system call, bare: libbpf's own wrappers probe kernel features with test programs before the first map and
// the first program, which costs more than loading a small script. All descriptors are close-on-exec.
//
// Functions return a descriptor or a count; on failure a negative errno, never through `errno`.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "image/image.h"

namespace sonde::runtime {

inline constexpr int kNotSupported = 524;  // the kernel's ENOTSUPP, which no header for programs has

// An object name as the kernel takes it: letters, digits, `_` and `.`, at most 15 of them.
std::string KernelObjectName(std::string_view name);

struct MapDefinition {
  std::string name;
  uint32_t type = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0;
  int btf_fd = -1;  // for map types that must say what keys and values are (task storage)
  uint32_t btf_key_type = 0;
  uint32_t btf_value_type = 0;
};
int BpfMapCreate(const MapDefinition& definition);

int BpfMapLookup(int map, const void* key, void* value);
int BpfMapUpdate(int map, const void* key, const void* value, uint64_t flags);
int BpfMapDelete(int map, const void* key);
// `key` null: the first one. -ENOENT after the last.
int BpfMapNextKey(int map, const void* key, void* next);
int BpfMapFreeze(int map);

// BPF_MAP_LOOKUP_BATCH or BPF_MAP_LOOKUP_AND_DELETE_BATCH. `count` holds the room at entry, what was read at return,
// also when the return value is -ENOENT: then these were the last ones.
int BpfMapBatch(bpf_cmd command, int map, const void* in_batch, void* out_batch, std::span<std::byte> keys,
                std::span<std::byte> values, uint32_t* count);

struct ProgramDefinition {
  std::string name;
  bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  bpf_attach_type expected_attach_type{};
  uint32_t attach_btf_id = 0;
  int attach_btf_object = 0;  // of a module, or a program; 0: the kernel's own
  std::span<const bpf_insn> instructions;
  const char* license = "GPL";
  int btf_fd = -1;
  std::span<const bpf_func_info> functions;
};
// With a log when `log` is not empty.
int BpfProgramLoad(const ProgramDefinition& definition, std::span<char> log);
int BpfBtfLoad(std::span<const std::byte> btf);

// `event` null for programs that name their attach point at load.
int BpfRawTracepointOpen(int program, const char* event);
int BpfPerfLink(int program, int perf_event, uint64_t cookie);
// BPF_TRACE_UPROBE_MULTI, which older headers do not have.
inline constexpr uint32_t kTraceUprobeMulti = 48;
// BPF_LINK_CREATE of that type, since 6.6. All lists are of the same length; `pid` 0: every process.
int BpfUprobeMultiLink(int program, const char* path, std::span<const uint64_t> offsets,
                       std::span<const uint64_t> semaphores, std::span<const uint64_t> cookies, bool is_return,
                       int pid);
struct KprobeMultiDefinition {
  std::span<const char* const> functions;
  std::span<const uint64_t> cookies;
  bool is_return = false;
};
int BpfKprobeMultiLink(int program, const KprobeMultiDefinition& definition);
int BpfProgramById(uint32_t id);
// The BTF object of a loaded module.
int BpfBtfOfModule(const std::string& module);
// A link of a program that goes over objects of the kernel; `info` may be null.
int BpfIteratorLink(int program, const bpf_iter_link_info* info);
// What reads this descriptor to its end runs the program for each object.
int BpfIteratorOpen(int link);
int BpfPin(int object, const char* path);
// One run of a raw tracepoint program, in the calling thread.
int BpfRunRawTracepoint(int program);
// The kernel times programs while this descriptor is open.
int BpfEnableStats();
int BpfProgramInfo(int program, bpf_prog_info* info);

}  // namespace sonde::runtime
