// The values of the CPUs made one, as each aggregation asks. Layouts: image::Aggregation.
#pragma once

#include <cstddef>
#include <span>

#include "image/image.h"

namespace sonde::runtime {

// `values` holds one value of spec.value_size a CPU, one behind the other. `is_signed` is that of the value's type and
// decides for min and max. Values without aggregation: the first CPU's that is not all zero. `merged` is one value, all zero.
void MergeCpus(const image::MapSpec& spec, bool is_signed, std::span<const std::byte> values,
               std::span<std::byte> merged);

// Whether a keyless map's (merged) value says that the script ever assigned it.
bool IsPresent(const image::MapSpec& spec, std::span<const std::byte> value);

}  // namespace sonde::runtime
