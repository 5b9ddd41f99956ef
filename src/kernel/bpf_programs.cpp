#include "kernel/bpf_programs.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "base/consulted.h"
#include "kernel/tracefs.h"

namespace sonde::kernel {
namespace {

int Bpf(bpf_cmd command, bpf_attr* attr) { return static_cast<int>(syscall(__NR_bpf, command, attr, sizeof(*attr))); }

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

UniqueFd Open(bpf_cmd command, uint32_t id) {
  bpf_attr attr{};
  attr.prog_id = id;  // shares its place with btf_id
  return UniqueFd(Bpf(command, &attr));
}

template <typename Info>
bool Describe(const UniqueFd& object, Info* info) {
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<uint32_t>(object.get());
  attr.info.info = Address(info);
  attr.info.info_len = sizeof(*info);
  return object.valid() && Bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0;
}

std::unique_ptr<Btf> ReadTypes(uint32_t id) {
  const UniqueFd object = Open(BPF_BTF_GET_FD_BY_ID, id);
  bpf_btf_info info{};
  if (!Describe(object, &info)) return nullptr;
  std::vector<std::byte> bytes(info.btf_size);
  info = {};
  info.btf = Address(bytes.data());
  info.btf_size = static_cast<uint32_t>(bytes.size());
  if (!Describe(object, &info)) return nullptr;
  auto btf = Btf::FromBytes(std::move(bytes));
  return btf ? std::move(*btf) : nullptr;
}

}  // namespace

BpfPrograms::BpfPrograms() {
  NoteMomentary();
  bpf_attr next{};
  while (Bpf(BPF_PROG_GET_NEXT_ID, &next) == 0) {
    AddProgram(next.next_id);
    next.start_id = next.next_id;
  }
}

void BpfPrograms::AddProgram(uint32_t id) {
  const UniqueFd program = Open(BPF_PROG_GET_FD_BY_ID, id);
  bpf_prog_info info{};
  if (!Describe(program, &info) || info.btf_id == 0 || info.nr_func_info == 0) return;
  std::vector<bpf_func_info> records(info.nr_func_info);
  const uint32_t btf_id = info.btf_id;
  info = {};
  info.nr_func_info = static_cast<uint32_t>(records.size());
  info.func_info_rec_size = sizeof(bpf_func_info);
  info.func_info = Address(records.data());
  std::unique_ptr<Btf> btf = ReadTypes(btf_id);
  if (!btf || !Describe(program, &info)) return;
  for (const bpf_func_info& record : records) {
    const BtfType function = btf->Type(record.type_id);
    if (function.kind != BtfKind::kFunc) continue;
    functions_.push_back({.program = id,
                          .name = std::string(function.name),
                          .btf = btf.get(),
                          .prototype = function.target,
                          .function = record.type_id});
  }
  types_.push_back(std::move(btf));
}

}  // namespace sonde::kernel
