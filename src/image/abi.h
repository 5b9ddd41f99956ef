// The agreements between a running BPF program and the runtime: layouts in shared memory. Sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde::image {

// How many processes a program can leave out because they read what the script prints; the first is the tracer itself.
inline constexpr uint32_t kReaderSlots = 6;

// The one value of the `control` map (BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE), followed by one uint64 loss counter for each
// of Image::loss_sites. Programs reach it as a direct map value, the runtime by mmap.
struct Control {
  uint32_t exit = 0;            // programs that see 1 return at once
  uint32_t asleep = 0;          // not 0: the reader waits; whoever publishes a record then takes it back to 0 and wakes it
  int32_t exit_code = 0;        // of the script's exit(code)
  uint32_t child_pid = 0;       // of the command that the run started, for `cpid`
  uint64_t start_ns = 0;        // CLOCK_BOOTTIME when probes were attached, for `elapsed`
  uint64_t runtime_errors = 0;  // records that found the control ring full
  int64_t returned = 0;         // by `return n` in a test
  uint64_t left_out[kReaderSlots]{};  // how many events of each reader of the output were left out
};
// Values of `asleep`.
inline constexpr uint32_t kAwake = 0;
inline constexpr uint32_t kAwaitsRecords = 1;
inline constexpr uint32_t kAwaitsLosses = 3;  // also woken by whoever loses something
static_assert(sizeof(Control) == 40 + 8 * kReaderSlots);
inline constexpr uint32_t kLossCountersOffset = sizeof(Control);

// Every record in the data ring and the control ring begins so. Slots follow at the offsets that EventSpec gives,
// then the tail of strings. A tail slot is a TailRef.
struct RecordHeader {
  uint32_t event_id = 0;  // index into Image::events, checked on arrival
  uint32_t reserved = 0;
};
static_assert(sizeof(RecordHeader) == 8);

struct TailRef {
  uint32_t offset = 0;  // from the start of the record
  uint32_t length = 0;  // without a terminating NUL
};
static_assert(sizeof(TailRef) == 8);

// Stacks travel as a number of 64 bits: a hash of their addresses (and of the process, for user stacks) above the
// number of frames. The frames themselves go through the stack ring once, before the first record or map key that names
// them; the stack cache says what went lately, so that one may come again.
using StackId = uint64_t;
inline constexpr StackId kNoStack = 0;        // there is none: a kernel thread has no user stack
inline constexpr StackId kLostStack = 0x100;  // the stack ring was full
inline constexpr uint64_t kStackCountMask = 0xff;
inline constexpr uint32_t kMaxStackFrames = 127;

enum class StackFrames : uint32_t { kKernel, kUser, kUserBuildIds };

// Followed by `bytes` of frames: uint64 addresses, or for build ids BuildIdFrames.
struct StackRecord {
  StackId id = 0;
  uint32_t pid = 0;  // the process; 0: the kernel
  uint32_t bytes = 0;
  StackFrames frames = StackFrames::kKernel;
  // Not 0: the innermost frames are what the kernel called to run the program; once they are gone, this many are shown.
  uint32_t limit = 0;
};
static_assert(sizeof(StackRecord) == 24);

// struct bpf_stack_build_id (include/uapi/linux/bpf.h).
struct BuildIdFrame {
  int32_t status = 0;  // 0 empty, 1: build id and offset, 2: the address, in place of the offset
  uint8_t build_id[20] = {};
  uint64_t offset = 0;
};
static_assert(sizeof(BuildIdFrame) == 32);

// The stack cache: sets of two StackIds, picked by the bits above the number of frames.
inline constexpr uint32_t kStackCacheSets = 16384;

// An address of a process.
struct UserAddress {
  uint64_t address = 0;
  uint64_t pid = 0;
};

// A slot of the per-CPU scratch map: claimed by exchanging `busy` from 0 to 1, released at every exit.
inline constexpr uint32_t kScratchHeaderSize = 8;
inline constexpr uint32_t kScratchSlots = 4;  // how deep programs may interrupt one another on one CPU

// Of each task that has begun a system call whose beginning a body asks for. Task storage: it is gone with the task.
struct CallStart {
  uint64_t start_ns = 0;    // CLOCK_MONOTONIC; when the call has ended, the time that it took
  int64_t number = 0;       // when it has ended: ~number
  uint64_t arguments[6]{};  // of execve and execveat, which clear the registers
};
static_assert(sizeof(CallStart) == 64);
inline constexpr int64_t kNoCall = -1;

// Calls of functions that a task has begun and not ended, which are paired with their ends. Task storage, too. A call is
// known by its probe and by its place on the stack, so that it is no matter how they nest, or how they are left.
struct FunctionCall {
  uint64_t start_ns = 0;  // CLOCK_MONOTONIC; when the call has ended, the time that it took
  uint64_t place = 0;     // the address on the stack that is the same at both ends
  uint64_t pair = 0;      // 1 + the probe's number; 0: none, it has ended
  uint64_t registers[6]{};  // arguments
};
static_assert(sizeof(FunctionCall) == 72 && offsetof(FunctionCall, start_ns) == offsetof(CallStart, start_ns));
inline constexpr uint32_t kMaxFunctionCalls = 128;
struct FunctionCalls {
  uint64_t depth = 0;  // as many are in use
  uint64_t found = 0;  // what a search came to
  FunctionCall calls[kMaxFunctionCalls]{};
};

// A captured system call: this, then chunks of what its arguments lead to (a ChunkHeader each, and so many bytes).
struct CallHeader {
  int64_t number = 0;
  int64_t result = 0;
  uint64_t arguments[6]{};
};
static_assert(sizeof(CallHeader) == 64);
struct ChunkHeader {
  uint8_t argument = 0;  // 0 to 5
  uint8_t fetch = 0;     // enum Fetch
  uint16_t length = 0;
};
static_assert(sizeof(ChunkHeader) == 4);
inline constexpr uint32_t kCallBytes = 8192;

// Rounds after which the kernel ends a loop (BPF_MAX_LOOPS).
inline constexpr uint64_t kMaxLoopRounds = 8U << 20;

// Histogram value layouts: arrays of uint64 buckets.
//   hist(n, k): bucket 0 holds negative numbers; n < 2^k is bucket 1 + n; larger ones have 2^k linear buckets for each
//   power of two: with m = floor(log2 n), bucket 1 + 2^k + (m - k) * 2^k + ((n >> (m - k)) & (2^k - 1)).
//   lhist(n, min, max, step): bucket 0 below min, then (max-min)/step buckets, the last one at or above max.
constexpr uint32_t HistBucketCount(uint32_t bits) { return ((65U - bits) << bits) + 1; }
constexpr uint32_t LhistBucketCount(int64_t min, int64_t max, int64_t step) {
  return static_cast<uint32_t>((max - min + step - 1) / step) + 2;
}

// One interval of a tseries, in a ring of them: the interval with number n (nanoseconds since boot, divided by its
// length) stands in slot n modulo their count.
struct SeriesSlot {
  uint64_t interval = 0;  // n + 1; 0: nothing was recorded yet
  int64_t value = 0;      // the last, largest or smallest number, or the sum of all
  uint64_t extra = 0;     // kLast: when it was recorded; else how many
};
static_assert(sizeof(SeriesSlot) == 24);

}  // namespace sonde::image
