// Which files a probe's binary means: a path, a pattern of paths, a program of PATH, a library that the dynamic linker
// would find, or what a process has mapped.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sonde::kernel {

struct Binary {
  std::string name;  // as the user, or the process, sees it: "/usr/lib/x86_64-linux-gnu/libc.so.6"
  std::string path;  // where we open it: "/proc/42/root/usr/…" in another mount namespace
};

// `pid` 0: of this machine at large. Sorted by name where there are several. Errors say what was looked for, and where.
Result<std::vector<Binary>> FindBinaries(std::string_view binary, pid_t pid);

// The program that a process runs; empty when there is no such process.
std::string ProgramOf(pid_t pid);

// The library of that name in the text of an ld.so.cache: "libc", "libc.so.6", "lib*"; each file once.
std::vector<std::string> LibrariesInCache(std::string_view cache, std::string_view name);

// Whether a file of this base name is what `library` asks for: "libc" is "libc.so.6".
bool IsLibraryNamed(std::string_view file, std::string_view library);

}  // namespace sonde::kernel
