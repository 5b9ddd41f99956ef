// How single values of system calls are written, as strace does: what numbers, texts and the kernel's structures look like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sonde::output::notation {

inline constexpr size_t kShownBytes = 32;  // of buffers, as strace shows them

// What stands at `offset` of a structure; zero where fewer bytes were fetched.
template <typename T>
T Get(std::string_view bytes, size_t offset) {
  T value{};
  if (offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// As C writes a string literal, other bytes in octal; "..." behind it where there is more than `shown`, or it was cut.
std::string Quoted(std::string_view text, size_t shown, bool is_cut = false);
// All bytes in hexadecimal, of a buffer of this length.
std::string HexQuoted(std::string_view bytes, int64_t length);
std::string Pointer(uint64_t address);
// Two 64-bit words: seconds and, by the name `fraction`, what is below.
std::string Time(std::string_view bytes, size_t offset, const char* fraction);
std::string Limit(uint64_t value);
std::string WaitStatus(int status);
std::string CloneFlags(uint64_t flags, uint64_t signal);
std::string Futex(uint64_t operation);
std::string SignalSet(uint64_t set);

// Of the bytes of a structure.
std::string SocketAddress(std::string_view bytes);
std::string Stat(std::string_view b);
std::string Statx(std::string_view b);
std::string Sigaction(std::string_view b);
std::string Utsname(std::string_view b);
std::string SystemInformation(std::string_view b);
std::string CloneArguments(std::string_view b);
std::string SignalStack(std::string_view b);

}  // namespace sonde::output::notation
