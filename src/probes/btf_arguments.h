// Arguments of kernel functions as BTF declares them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/btf.h"
#include "sema/program.h"

namespace sonde::probes {

// `args` of a function of this prototype, its parameters from number `first` on. An argument takes a 64-bit word, a
// struct that is passed by value as many as hold it.
std::unique_ptr<sema::ArgsLayout> ArgumentsOf(const kernel::Btf& btf, kernel::BtfId prototype, size_t first);

// The same for -lv: "struct file * file".
std::vector<std::string> DescribeArguments(const kernel::Btf& btf, kernel::BtfId prototype, size_t first);

}  // namespace sonde::probes
