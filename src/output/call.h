// A captured system call in strace's notation: openat(AT_FDCWD, "/etc/motd", O_RDONLY|O_CLOEXEC) = 3.
#pragma once

#include <string_view>

#include "output/buffer.h"

namespace sonde::output {

class Values;

// `bytes` are an image::CallHeader and its chunks. False when they are no such thing.
bool AppendCall(Buffer& out, const Values& values, std::string_view bytes);

}  // namespace sonde::output
