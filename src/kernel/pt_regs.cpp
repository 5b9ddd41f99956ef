#include "kernel/pt_regs.h"

namespace sonde::kernel {
namespace {

struct Row {
  std::string_view kernel_name;
  std::array<std::string_view, 5> names;  // of 8, 4, 2, 1 bytes, and of the second byte
  uint32_t offset = 0;
};

constexpr auto kRows = std::to_array<Row>({
    {"r15", {"r15", "r15d", "r15w", "r15b", ""}, 0},
    {"r14", {"r14", "r14d", "r14w", "r14b", ""}, 8},
    {"r13", {"r13", "r13d", "r13w", "r13b", ""}, 16},
    {"r12", {"r12", "r12d", "r12w", "r12b", ""}, 24},
    {"bp", {"rbp", "ebp", "bp", "bpl", ""}, 32},
    {"bx", {"rbx", "ebx", "bx", "bl", "bh"}, 40},
    {"r11", {"r11", "r11d", "r11w", "r11b", ""}, 48},
    {"r10", {"r10", "r10d", "r10w", "r10b", ""}, 56},
    {"r9", {"r9", "r9d", "r9w", "r9b", ""}, 64},
    {"r8", {"r8", "r8d", "r8w", "r8b", ""}, 72},
    {"ax", {"rax", "eax", "ax", "al", "ah"}, kRegisterAx},
    {"cx", {"rcx", "ecx", "cx", "cl", "ch"}, 88},
    {"dx", {"rdx", "edx", "dx", "dl", "dh"}, 96},
    {"si", {"rsi", "esi", "si", "sil", ""}, 104},
    {"di", {"rdi", "edi", "di", "dil", ""}, 112},
    {"orig_ax", {"orig_rax", "", "", "", ""}, 120},
    {"ip", {"rip", "eip", "", "", ""}, kRegisterIp},
    {"cs", {"", "", "", "", ""}, 136},
    {"flags", {"eflags", "", "", "", ""}, 144},
    {"sp", {"rsp", "esp", "sp", "spl", ""}, kRegisterSp},
    {"ss", {"", "", "", "", ""}, 160},
});

}  // namespace

std::optional<RegisterPart> RegisterByAssemblyName(std::string_view name) {
  constexpr uint32_t kSizes[] = {8, 4, 2, 1, 1};
  for (const Row& row : kRows) {
    for (size_t i = 0; i < row.names.size(); ++i) {
      if (!name.empty() && row.names[i] == name) return RegisterPart{row.offset, kSizes[i], i == 4 ? 8U : 0U};
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> RegisterByName(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.kernel_name == name || (!name.empty() && row.names[0] == name)) return row.offset;
  }
  return std::nullopt;
}

std::string_view RegisterNames() {
  return "ax bx cx dx si di bp sp ip flags cs ss orig_ax r8 r9 r10 r11 r12 r13 r14 r15";
}

}  // namespace sonde::kernel
