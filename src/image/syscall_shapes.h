// What the arguments of system calls are: how a call is fetched in the kernel, and printed by the reader.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sonde::image {

// What is fetched of what an argument leads to.
enum class Fetch : uint8_t {
  kNothing,
  kText,       // up to its NUL
  kBytesIn,    // as many as the argument `other` says
  kBytesOut,   // as many as the call returned
  kIn,         // `size` bytes
  kOut,        // the same when the call succeeded
  kTexts,      // an array of texts, up to a null pointer: a chunk each
  kCount,      // … only their number (uint32)
  kEntries,    // the number of struct linux_dirent in as many bytes as the call returned (uint32)
  kVectorIn,   // as many struct iovec as the argument `other` says: a chunk each, with the length before the bytes
  kVectorOut,  // the same, as many bytes as the call returned
  kArrayIn,    // elements of `size` bytes, as many as the argument `other` says
  kArrayOut,   // elements of `size` bytes, as many as the call returned
  kPath,       // what is behind a descriptor; the chunk's argument may be one of those below
};

inline constexpr uint32_t kMaxText = 1024;      // bytes of a text
inline constexpr uint32_t kMaxBytes = 64;       // of a buffer: enough for the 32 that are shown
inline constexpr uint32_t kMaxStructure = 512;  // of a structure or an array
inline constexpr uint32_t kMaxTexts = 33;
inline constexpr uint32_t kMaxVectors = 16;

// In place of an argument's number: the descriptor that is the result, and the two that pipe() and its like give, what was
// behind a descriptor before the call, and the first that poll() waits for.
inline constexpr uint8_t kPathOfResult = 6;
inline constexpr uint8_t kPathOfPair = 7;
inline constexpr uint8_t kPathBefore = 9;
inline constexpr uint8_t kPathOfPoll = 10;
inline constexpr uint8_t kPathsOfPoll = 6;
inline constexpr uint8_t kPathsOfCall = kPathOfPoll + kPathsOfPoll;

struct ArgumentShape {
  std::string_view kind;   // "fd", "path", "flags", "stat" …: see output/call.cpp
  std::string_view table;  // of flags: image/symbols.h
  Fetch fetch = Fetch::kNothing;
  uint8_t other = 0;
  uint16_t size = 0;
};

struct SyscallShape {
  int number = 0;
  std::string_view name;
  std::vector<ArgumentShape> arguments;
  std::string_view result;  // empty: decimal; "hex", "mode", "poll", "fcntl", "fd"
};

// Null for a call that is printed by its registers alone.
const SyscallShape* FindSyscallShape(int number);
std::span<const SyscallShape> SyscallShapes();

}  // namespace sonde::image
