#include "kernel/dwarf_places.h"

#include <array>
#include <cstdlib>
#include <span>

#include "kernel/pt_regs.h"

namespace sonde::kernel {
namespace {

// By DWARF's numbers (System V ABI of x86-64, figure 3.36): offsets in struct pt_regs.
constexpr auto kRegisters = std::to_array<uint32_t>(
    {kRegisterAx, 96, 88, 40, 104, 112, 32, kRegisterSp, 72, 64, 56, 48, 24, 16, 8, 0, kRegisterIp});
constexpr unsigned kFirstFloat = 17;
constexpr unsigned kLastFloat = 32;

using Ops = std::span<const Dwarf_Op>;

UserLocation Problem(const char* reason) { return {.problem = reason}; }

std::optional<UserLocation> InRegister(uint64_t number, int64_t displacement, bool is_memory) {
  if (number >= kFirstFloat && number <= kLastFloat) {
    return Problem("it is in a register for floating-point numbers, which the kernel does not show to probes");
  }
  if (number >= kRegisters.size()) return std::nullopt;
  return UserLocation{
      .base = static_cast<int32_t>(kRegisters[number]), .displacement = displacement, .is_memory = is_memory};
}

bool IsRegister(const Dwarf_Op& op) { return op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31; }
bool IsBased(const Dwarf_Op& op) { return op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31; }

class Evaluator {
 public:
  Evaluator(const DwarfDie& variable, const DwarfFrame& frame) : libdw_(variable.libdw()), frame_(frame) {}

  std::optional<UserLocation> Run(Ops ops) {
    if (ops.empty()) return std::nullopt;
    if (ops.size() > 1 && ops[1].atom == DW_OP_piece) return Pieces(ops);
    if (IsRegister(ops[0]) && ops.size() == 1) return InRegister(ops[0].atom - DW_OP_reg0, 0, false);
    if (ops[0].atom == DW_OP_regx && ops.size() == 1) return InRegister(ops[0].number, 0, false);
    std::optional<UserLocation> place = Address(ops[0]);
    if (!place) return std::nullopt;
    for (const Dwarf_Op& op : ops.subspan(1)) {
      if (op.atom == DW_OP_plus_uconst) {
        place->displacement += static_cast<int64_t>(op.number);
      } else if (op.atom == DW_OP_stack_value) {
        place->is_memory = false;
      } else {
        return std::nullopt;
      }
    }
    return place;
  }

 private:
  // What the first operation puts on the stack, taken for an address.
  std::optional<UserLocation> Address(const Dwarf_Op& op) {
    if (IsBased(op)) return InRegister(op.atom - DW_OP_breg0, static_cast<int64_t>(op.number), true);
    if (op.atom == DW_OP_bregx) return InRegister(op.number, static_cast<int64_t>(op.number2), true);
    if (op.atom >= DW_OP_lit0 && op.atom <= DW_OP_lit31) return Constant(op.atom - DW_OP_lit0);
    if (op.atom == DW_OP_fbreg) return Moved(FrameBase(), static_cast<int64_t>(op.number));
    if (op.atom == DW_OP_call_frame_cfa) return CallFrame();
    const bool is_constant = op.atom >= DW_OP_const1u && op.atom <= DW_OP_consts;
    return is_constant ? Constant(static_cast<int64_t>(op.number)) : std::nullopt;
  }

  static std::optional<UserLocation> Constant(int64_t value) {
    return UserLocation{.displacement = value, .is_memory = true};
  }

  static std::optional<UserLocation> Moved(std::optional<UserLocation> place, int64_t by) {
    if (place) place->displacement += by;
    return place;
  }

  std::optional<UserLocation> FrameBase() {
    if (!frame_.function) return std::nullopt;
    std::optional<Dwarf_Attribute> attribute = frame_.function->Find(DW_AT_frame_base);
    Dwarf_Op* ops = nullptr;
    size_t count = 0;
    if (!attribute || libdw_.dwarf_getlocation_addr(&*attribute, frame_.address, &ops, &count, 1) != 1) {
      return std::nullopt;
    }
    if (count != 1) return std::nullopt;
    if (IsRegister(ops[0])) return InRegister(ops[0].atom - DW_OP_reg0, 0, true);
    return ops[0].atom == DW_OP_fbreg ? std::nullopt : Address(ops[0]);
  }

  // The stack pointer before the call, by the tables that unwinders use.
  std::optional<UserLocation> CallFrame() {
    Dwarf_Frame* unwound = nullptr;
    if (frame_.frames == nullptr ||
        libdw_.dwarf_cfi_addrframe(frame_.frames, frame_.address, &unwound) != 0) {
      return std::nullopt;
    }
    Dwarf_Op* ops = nullptr;
    size_t count = 0;
    std::optional<UserLocation> place;
    if (libdw_.dwarf_frame_cfa(unwound, &ops, &count) == 0 && count > 0 && ops[0].atom != DW_OP_call_frame_cfa) {
      place = Address(ops[0]);
      for (size_t i = 1; i < count && place; ++i) {
        if (ops[i].atom != DW_OP_plus_uconst) place.reset();
        else place->displacement += static_cast<int64_t>(ops[i].number);
      }
    }
    std::free(unwound);
    return place;
  }

  // A value in two registers: the first eight bytes, and the rest.
  std::optional<UserLocation> Pieces(Ops ops) {
    const bool are_two = ops.size() == 4 && IsRegister(ops[0]) && IsRegister(ops[2]) && ops[1].number == 8;
    const bool is_one = ops.size() == 2 && IsRegister(ops[0]);
    if (!are_two && !is_one) return Problem("it is spread over several places");
    std::optional<UserLocation> place = InRegister(ops[0].atom - DW_OP_reg0, 0, false);
    if (!are_two || !place || !place->problem.empty()) return place;
    const std::optional<UserLocation> rest = InRegister(ops[2].atom - DW_OP_reg0, 0, false);
    if (!rest || !rest->problem.empty()) return rest;
    place->second = rest->base;
    return place;
  }

  const Libdw& libdw_;
  const DwarfFrame& frame_;
};

}  // namespace

std::optional<UserLocation> PlaceOf(const DwarfDie& variable, const DwarfFrame& frame) {
  if (const std::optional<int64_t> constant = variable.Number(DW_AT_const_value)) {
    return UserLocation{.displacement = *constant};
  }
  std::optional<Dwarf_Attribute> attribute = variable.Find(DW_AT_location);
  if (!attribute) return std::nullopt;
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  if (variable.libdw().dwarf_getlocation_addr(&*attribute, frame.address, &ops, &count, 1) != 1) return std::nullopt;
  const unsigned form = variable.libdw().dwarf_whatform(&*attribute);
  const bool is_list = form == DW_FORM_sec_offset || form == DW_FORM_loclistx || form == DW_FORM_data4;
  // One place for the whole function is, unless it is a register, a slot that the first instructions fill.
  const bool is_register = count == 1 && IsRegister(ops[0]);
  if (frame.is_entry && !is_list && !is_register) return std::nullopt;
  // Of a struct the compiler says only where it uses parts of it.
  if (frame.is_entry && count > 1 && ops[1].atom == DW_OP_piece) return std::nullopt;
  return Evaluator(variable, frame).Run({ops, count});
}

}  // namespace sonde::kernel
