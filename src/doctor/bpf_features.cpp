// Map types, program types and helpers: each is made, loaded or called once in a program that never runs.
#include <fmt/format.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/unique_fd.h"
#include "doctor/doctor.h"
#include "kernel/btf.h"
#include "runtime/bpf_call.h"

namespace sonde::doctor {
namespace {

constexpr uint32_t kPage = 4096;

// What an errno of bpf(2) means for whoever asked for a feature that came with that kernel.
Finding Refused(int error, std::string_view since) {
  if (error == -EPERM || error == -EACCES) {
    if (geteuid() == 0) return No("the kernel does not permit it");
    return Unknown("not permitted", "run as root, or with CAP_BPF and CAP_PERFMON");
  }
  if (error == -EINVAL || error == -E2BIG || error == -runtime::kNotSupported || error == -EOPNOTSUPP) {
    return No("this kernel has it not", fmt::format("it came with Linux {}", since));
  }
  return No(std::strerror(-error));
}

struct MapType {
  std::string_view name;
  uint32_t type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t entries;
  std::string_view since;
};

constexpr auto kMapTypes = std::to_array<MapType>({
    {"hash", BPF_MAP_TYPE_HASH, 4, 8, 1, "3.19"},
    {"array", BPF_MAP_TYPE_ARRAY, 4, 8, 1, "3.19"},
    {"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 1, "4.6"},
    {"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, "4.6"},
    {"lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 1, "4.10"},
    {"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 1, "4.10"},
    {"stack_trace", BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1, "4.6"},
    {"ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, kPage, "5.8"},
});

// `r0 = 0; exit`, after a call of a helper when one is given.
std::array<bpf_insn, 3> Instructions(int32_t helper) {
  const bpf_insn zero{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0};
  const bpf_insn call{.code = BPF_JMP | BPF_CALL, .imm = helper};
  return {helper == 0 ? zero : call, zero, bpf_insn{.code = BPF_JMP | BPF_EXIT}};
}

struct ProgramKind {
  std::string_view name;
  bpf_prog_type type;
  bpf_attach_type attach{};
  kernel::BtfKind btf_kind{};  // of what `btf_name` names
  std::string_view btf_name;   // what it attaches to; empty: nothing at load
  std::string_view since;
};

constexpr auto kProgramKinds = std::to_array<ProgramKind>({
    {"kprobe", BPF_PROG_TYPE_KPROBE, {}, {}, "", "4.1"},
    {"tracepoint", BPF_PROG_TYPE_TRACEPOINT, {}, {}, "", "4.7"},
    {"perf_event", BPF_PROG_TYPE_PERF_EVENT, {}, {}, "", "4.9"},
    {"raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, {}, {}, "", "4.17"},
    {"typed raw_tracepoint", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, kernel::BtfKind::kTypedef, "btf_trace_sys_enter",
     "5.5"},
    {"fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, kernel::BtfKind::kFunc, "do_exit", "5.5"},
    {"iter", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, kernel::BtfKind::kFunc, "bpf_iter_task", "5.8"},
});

struct HelperRow {
  std::string_view name;
  int32_t id;
  bpf_prog_type type;
  std::string_view since;
};

constexpr auto kHelpers = std::to_array<HelperRow>({
    {"get_current_task_btf", BPF_FUNC_get_current_task_btf, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.11"},
    {"probe_read_kernel", BPF_FUNC_probe_read_kernel, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.5"},
    {"probe_read_user", BPF_FUNC_probe_read_user, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.5"},
    {"probe_read_user_str", BPF_FUNC_probe_read_user_str, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.5"},
    {"probe_write_user", BPF_FUNC_probe_write_user, BPF_PROG_TYPE_RAW_TRACEPOINT, "4.8"},
    {"override_return", BPF_FUNC_override_return, BPF_PROG_TYPE_KPROBE, "4.16"},
    {"send_signal", BPF_FUNC_send_signal, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.3"},
    {"get_stackid", BPF_FUNC_get_stackid, BPF_PROG_TYPE_RAW_TRACEPOINT, "4.6"},
    {"get_stack", BPF_FUNC_get_stack, BPF_PROG_TYPE_RAW_TRACEPOINT, "4.18"},
    {"ringbuf_output", BPF_FUNC_ringbuf_output, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.8"},
    {"ktime_get_boot_ns", BPF_FUNC_ktime_get_boot_ns, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.8"},
    {"ktime_get_tai_ns", BPF_FUNC_ktime_get_tai_ns, BPF_PROG_TYPE_RAW_TRACEPOINT, "6.1"},
    {"jiffies64", BPF_FUNC_jiffies64, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.6"},
    {"get_current_cgroup_id", BPF_FUNC_get_current_cgroup_id, BPF_PROG_TYPE_RAW_TRACEPOINT, "4.18"},
    {"loop", BPF_FUNC_loop, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.17"},
    {"for_each_map_elem", BPF_FUNC_for_each_map_elem, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.13"},
    {"get_attach_cookie", BPF_FUNC_get_attach_cookie, BPF_PROG_TYPE_TRACEPOINT, "5.15"},
    {"get_func_ip", BPF_FUNC_get_func_ip, BPF_PROG_TYPE_KPROBE, "5.15"},
    {"task_storage_get", BPF_FUNC_task_storage_get, BPF_PROG_TYPE_RAW_TRACEPOINT, "5.11"},
});

Finding TryMapType(const MapType& row) {
  const int map = runtime::BpfMapCreate({.name = "doctor",
                                         .type = row.type,
                                         .key_size = row.key_size,
                                         .value_size = row.value_size,
                                         .max_entries = row.entries});
  if (map < 0) return Refused(map, row.since);
  UniqueFd closed(map);
  return Yes();
}

Finding TryProgramKind(const Patient& patient, const ProgramKind& row) {
  const auto instructions = Instructions(0);
  runtime::ProgramDefinition definition{
      .name = "doctor", .type = row.type, .expected_attach_type = row.attach, .instructions = instructions};
  if (!row.btf_name.empty()) {
    Result<const kernel::Btf*> btf = patient.kernel.KernelBtf();
    if (!btf) return No("it needs the kernel's BTF", "a kernel with CONFIG_DEBUG_INFO_BTF=y");
    const std::optional<kernel::BtfId> id = (*btf)->Find(row.btf_kind, row.btf_name);
    if (!id) return No(fmt::format("the kernel's BTF has no {}", row.btf_name));
    definition.attach_btf_id = *id;
  }
  const int program = runtime::BpfProgramLoad(definition, {});
  if (program < 0) return Refused(program, row.since);
  UniqueFd closed(program);
  return Yes();
}

// The verifier refuses the call in any case, for lack of arguments; what it says tells whether it knows the helper.
Finding TryHelper(const HelperRow& row) {
  const auto instructions = Instructions(row.id);
  std::array<char, 4096> log{};
  const int program = runtime::BpfProgramLoad({.name = "doctor", .type = row.type, .instructions = instructions}, log);
  if (program >= 0) {
    UniqueFd closed(program);
    return Yes();
  }
  const std::string_view said(log.data(), strnlen(log.data(), log.size()));
  if (said.empty()) return Refused(program, row.since);
  if (said.find("invalid func ") != std::string_view::npos) {
    return No("this kernel has it not", fmt::format("it came with Linux {}", row.since));
  }
  if (said.find("unknown func ") != std::string_view::npos ||
      said.find("cannot use helper") != std::string_view::npos) {
    return No("the kernel keeps it from tracing programs: by its lockdown, or it is built without it");
  }
  return Yes();
}

template <typename Rows, typename Try>
Group ExamineAll(std::string name, const Rows& rows, const Try& attempt) {
  Group group{std::move(name), {}};
  for (const auto& row : rows) group.rows.push_back({std::string(row.name), attempt(row)});
  return group;
}

}  // namespace

Group ExamineMapTypes(const Patient& /*patient*/) { return ExamineAll("Map types", kMapTypes, TryMapType); }

Group ExamineProgramTypes(const Patient& patient) {
  return ExamineAll("Program types", kProgramKinds,
                    [&](const ProgramKind& row) { return TryProgramKind(patient, row); });
}

Group ExamineHelpers(const Patient& /*patient*/) { return ExamineAll("Helpers", kHelpers, TryHelper); }

}  // namespace sonde::doctor
