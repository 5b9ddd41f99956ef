// Where the arguments of a function stand when it begins, and its result when it returns: the System V ABI of x86-64
// (section 3.2.3), for what C and C++ pass.
#pragma once

#include <span>
#include <vector>

#include "kernel/btf.h"
#include "kernel/user_location.h"

namespace sonde::kernel {

struct PassedValue {
  BtfId type = 0;
  bool by_reference = false;  // a C++ object that cannot be copied as bytes: its address is passed
};

// One for each argument, in order.
std::vector<UserLocation> PlaceArguments(const Btf& btf, std::span<const PassedValue> arguments,
                                         const PassedValue& result);

UserLocation PlaceResult(const Btf& btf, const PassedValue& result);

}  // namespace sonde::kernel
