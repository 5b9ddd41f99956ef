// Events that happen to a task other than the current one, or while the current one merely stands by.
#pragma once

#include <string_view>

namespace sonde::probes {

// Whether what this event tells is not always the doing of the current task: the scheduler's, a timer's, a packet's.
bool IsOfOthers(std::string_view event);

}  // namespace sonde::probes
