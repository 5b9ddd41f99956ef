// BTF that the kernel asks for: of the types of a map's keys and values, and the smallest that lets a program have
// callbacks: the verifier takes the address of a subprogram only where
// func_info says that it is a static function (kernel/bpf/verifier.c, check_ld_imm). Format: Documentation/bpf/btf.rst.
#include <linux/btf.h>

#include <cstring>
#include <string>

#include "runtime/program_object.h"

namespace sonde::runtime {
namespace {

constexpr uint32_t kIntType = 1;
constexpr uint32_t kPrototypeType = 2;
constexpr uint32_t kFirstFunctionType = 3;

template <typename T>
void Append(std::vector<std::byte>* to, const T& value) {
  const size_t at = to->size();
  to->resize(at + sizeof(T));
  std::memcpy(to->data() + at, &value, sizeof(T));
}

void AppendBytes(std::vector<std::byte>* to, const void* data, size_t size) {
  const size_t at = to->size();
  to->resize(at + size);
  std::memcpy(to->data() + at, data, size);
}

uint32_t Info(uint32_t kind, uint32_t vlen) { return (kind << 24) | vlen; }

// Type 1, `int`.
std::vector<std::byte> IntType() {
  std::vector<std::byte> types;
  Append(&types, btf_type{.name_off = 1, .info = Info(BTF_KIND_INT, 0), .size = 4});
  Append(&types, uint32_t{(BTF_INT_SIGNED << 24) | 32});
  return types;
}

std::vector<std::byte> Section(const std::vector<std::byte>& types, const std::string& strings) {
  const auto types_size = static_cast<uint32_t>(types.size());
  std::vector<std::byte> bytes;
  bytes.reserve(sizeof(btf_header) + types.size() + strings.size());
  Append(&bytes, btf_header{.magic = BTF_MAGIC,
                            .version = BTF_VERSION,
                            .flags = 0,
                            .hdr_len = sizeof(btf_header),
                            .type_off = 0,
                            .type_len = types_size,
                            .str_off = types_size,
                            .str_len = static_cast<uint32_t>(strings.size())});
  AppendBytes(&bytes, types.data(), types.size());
  AppendBytes(&bytes, strings.data(), strings.size());
  return bytes;
}

}  // namespace

ValueBtf DescribeValue(uint32_t value_size) {
  std::vector<std::byte> types = IntType();
  Append(&types, btf_type{.name_off = 0, .info = Info(BTF_KIND_ARRAY, 0), .size = 0});
  Append(&types, btf_array{.type = kIntType, .index_type = kIntType, .nelems = value_size / 4});
  return {.bytes = Section(types, std::string("\0int\0", 5)), .key = kIntType, .value = kIntType + 1};
}

FunctionBtf DescribeFunctions(std::span<const uint32_t> starts) {
  std::string strings("\0int\0", 5);
  std::vector<std::byte> types = IntType();
  Append(&types, btf_type{.name_off = 0, .info = Info(BTF_KIND_FUNC_PROTO, 0), .type = kIntType});

  FunctionBtf out;
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto name = static_cast<uint32_t>(strings.size());
    strings += "f" + std::to_string(i) + '\0';
    Append(&types, btf_type{.name_off = name, .info = Info(BTF_KIND_FUNC, BTF_FUNC_STATIC), .type = kPrototypeType});
    out.functions.push_back({.insn_off = starts[i], .type_id = kFirstFunctionType + static_cast<uint32_t>(i)});
  }
  out.bytes = Section(types, strings);
  return out;
}

}  // namespace sonde::runtime
