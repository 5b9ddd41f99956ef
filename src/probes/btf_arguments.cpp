#include "probes/btf_arguments.h"

#include <fmt/format.h>

#include <algorithm>

namespace sonde::probes {

std::unique_ptr<sema::ArgsLayout> ArgumentsOf(const kernel::Btf& btf, kernel::BtfId prototype, size_t first) {
  auto layout = std::make_unique<sema::ArgsLayout>();
  const std::vector<kernel::BtfParameter> parameters = btf.Parameters(prototype);
  int word = 0;
  for (size_t i = first; i < parameters.size(); ++i) {
    const kernel::BtfParameter& parameter = parameters[i];
    if (parameter.type == 0) break;  // `...`
    layout->fields.push_back({.name = std::string(parameter.name),
                              .c_type = btf.CName(parameter.type),
                              .word = word,
                              .btf = &btf,
                              .btf_type = parameter.type});
    word += static_cast<int>(std::max<uint64_t>(btf.SizeOf(parameter.type) + 7, 8) / 8);
  }
  return layout;
}

std::vector<std::string> DescribeArguments(const kernel::Btf& btf, kernel::BtfId prototype, size_t first) {
  std::vector<std::string> described;
  const std::unique_ptr<sema::ArgsLayout> layout = ArgumentsOf(btf, prototype, first);
  for (const sema::ArgsFieldInfo& field : layout->fields) {
    described.push_back(fmt::format("{} {}", field.c_type, field.name));
  }
  return described;
}

}  // namespace sonde::probes
