#include "kernel/calling_convention.h"

#include <algorithm>
#include <array>

#include "kernel/pt_regs.h"

namespace sonde::kernel {
namespace {

constexpr uint32_t kRegisterDx = 96;
constexpr size_t kFloatRegisters = 8;
constexpr int kMaxDepth = 32;
constexpr const char* kInFloatRegister =
    "it is in a register for floating-point numbers, which the kernel does not show to probes";

// Of eight bytes of a value.
enum class Class { kNone, kInteger, kFloat, kMemory };

struct Classes {
  std::array<Class, 2> part = {Class::kNone, Class::kNone};
  bool in_memory() const { return part[0] == Class::kMemory; }
  size_t Count(Class wanted) const { return static_cast<size_t>(std::ranges::count(part, wanted)); }
};

class Classifier {
 public:
  explicit Classifier(const Btf& btf) : btf_(btf) {}

  Classes Of(const PassedValue& value) {
    const uint64_t size = btf_.SizeOf(value.type);
    if (value.by_reference) return {{Class::kInteger, Class::kNone}};
    if (size > 16) return {{Class::kMemory, Class::kMemory}};
    Walk(value.type, 0, kMaxDepth);
    if (classes_.Count(Class::kMemory) > 0) return {{Class::kMemory, Class::kMemory}};
    return classes_;
  }

 private:
  void Put(uint64_t offset, Class wanted) {
    if (offset >= 16) return;
    Class& held = classes_.part[offset / 8];
    if (held == Class::kMemory || wanted == Class::kMemory) {
      held = Class::kMemory;
    } else if (held == Class::kNone || wanted == Class::kInteger) {
      held = wanted;
    }
  }

  void Scalar(uint64_t offset, uint64_t size, Class wanted) {
    if (size == 0) return;
    const bool is_aligned = offset % size == 0;
    Put(offset, is_aligned ? wanted : Class::kMemory);
    if (size > 8) Put(offset + 8, wanted);
  }

  void Walk(BtfId id, uint64_t offset, int depth) {
    if (depth == 0) return;
    id = btf_.Strip(id);
    const BtfType type = btf_.Type(id);
    switch (type.kind) {
      case BtfKind::kInt:
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return Scalar(offset, type.size, Class::kInteger);
      case BtfKind::kPtr:
        return Scalar(offset, 8, Class::kInteger);
      case BtfKind::kFloat:  // long double, which has 16 bytes, goes by way of the stack
        return Scalar(offset, type.size, type.size > 8 ? Class::kMemory : Class::kFloat);
      case BtfKind::kArray:
        return Elements(type, offset, depth);
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        for (const BtfMember& member : btf_.Members(id)) Member(member, offset, depth);
        return;
      default:
        return;
    }
  }

  void Elements(const BtfType& array, uint64_t offset, int depth) {
    const uint64_t size = btf_.SizeOf(array.target);
    if (size == 0) return;
    for (uint64_t i = 0; i < array.count && offset + i * size < 16; ++i) {
      Walk(array.target, offset + i * size, depth - 1);
    }
  }

  void Member(const BtfMember& member, uint64_t offset, int depth) {
    if (member.bit_size == 0) return Walk(member.type, offset + member.bit_offset / 8, depth - 1);
    Put(offset + member.bit_offset / 8, Class::kInteger);
  }

  const Btf& btf_;
  Classes classes_;
};

// Hands out registers and places on the stack.
class Placer {
 public:
  explicit Placer(const Btf& btf) : btf_(btf) {}

  // Where the function shall put a result that is too large for registers.
  void TakeRegister() { ++integers_; }

  UserLocation Place(const PassedValue& value) {
    const Classes classes = Classifier(btf_).Of(value);
    if (value.by_reference) return ByReference();
    if (classes.part[0] == Class::kNone && classes.part[1] == Class::kNone) return {.problem = "it is empty"};
    const bool fits = integers_ + classes.Count(Class::kInteger) <= kArgumentRegisters.size() &&
                      floats_ + classes.Count(Class::kFloat) <= kFloatRegisters;
    if (!classes.in_memory() && fits) return InRegisters(classes);
    return OnStack(value);
  }

 private:
  UserLocation ByReference() {
    if (integers_ < kArgumentRegisters.size()) {
      return {.base = static_cast<int32_t>(kArgumentRegisters[integers_++]), .is_memory = true};
    }
    stack_ += 8;
    return {.problem = "its address is on the stack"};
  }

  UserLocation InRegisters(const Classes& classes) {
    UserLocation place;
    for (const Class part : classes.part) {
      if (part == Class::kFloat) {
        ++floats_;
        place.problem = kInFloatRegister;
      }
      if (part != Class::kInteger) continue;
      (place.base < 0 ? place.base : place.second) = static_cast<int32_t>(kArgumentRegisters[integers_++]);
    }
    return place;
  }

  UserLocation OnStack(const PassedValue& value) {
    const BtfType type = btf_.Type(btf_.Strip(value.type));
    const bool is_wide = (type.kind == BtfKind::kFloat || type.kind == BtfKind::kInt) && type.size > 8;
    if (is_wide) stack_ = (stack_ + 15) / 16 * 16;
    // Behind the return address.
    const UserLocation place{.base = static_cast<int32_t>(kRegisterSp),
                             .displacement = static_cast<int64_t>(8 + stack_),
                             .is_memory = true};
    stack_ += (btf_.SizeOf(value.type) + 7) / 8 * 8;
    return place;
  }

  const Btf& btf_;
  size_t integers_ = 0;
  size_t floats_ = 0;
  uint64_t stack_ = 0;
};

bool ReturnsInMemory(const Btf& btf, const PassedValue& result) {
  if (result.by_reference) return true;
  const bool is_long_double = btf.Type(btf.Strip(result.type)).kind == BtfKind::kFloat;
  return !is_long_double && Classifier(btf).Of(result).in_memory();
}

}  // namespace

std::vector<UserLocation> PlaceArguments(const Btf& btf, std::span<const PassedValue> arguments,
                                         const PassedValue& result) {
  Placer placer(btf);
  if (ReturnsInMemory(btf, result)) placer.TakeRegister();
  std::vector<UserLocation> places;
  for (const PassedValue& argument : arguments) places.push_back(placer.Place(argument));
  return places;
}

UserLocation PlaceResult(const Btf& btf, const PassedValue& result) {
  const auto ax = static_cast<int32_t>(kRegisterAx);
  if (ReturnsInMemory(btf, result)) return {.base = ax, .is_memory = true};
  const Classes classes = Classifier(btf).Of(result);
  if (classes.Count(Class::kFloat) > 0 || classes.in_memory()) return {.problem = kInFloatRegister};
  if (classes.part[0] == Class::kNone) return {.problem = "it is empty"};
  UserLocation place{.base = ax};
  if (classes.part[1] == Class::kInteger) place.second = static_cast<int32_t>(kRegisterDx);
  return place;
}

}  // namespace sonde::kernel
