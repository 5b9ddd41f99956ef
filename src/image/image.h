// src/image: what crosses from the compiler to the runtime: a compiled script as plain data.
//
// Enters: from src/codegen. Leaves: to src/runtime and src/output, or to a file. Links nothing but base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/format_step.h"
#include "base/result.h"
#include "image/abi.h"

namespace sonde::image {

inline constexpr uint32_t kVersion = 4;

// --- values: how bytes are read and rendered

using TypeIndex = uint32_t;  // into Image::types

// Of a kBuffer: the number of its bytes, before them.
inline constexpr uint32_t kBufferLengthBytes = 4;

inline constexpr uint32_t kInetAddressOffset = 4;
inline constexpr uint32_t kInetBytes = kInetAddressOffset + 16;

enum class ValueKind : uint8_t {
  kNone,
  kBool,          // size 1
  kInt,           // size 1, 2, 4, 8
  kEnum,          // size 1, 2, 4, 8; `enumerators` names its values
  kPointer,       // size 8, printed as 0x…
  kString,        // inline, NUL-padded to `size`
  kTailString,    // TailRef, in records only
  kBuffer,        // inline: uint32 length, then `size - 4` bytes; printed with \x escapes
  kTailBuffer,    // TailRef, in records only
  kArray,         // `count` of `element`
  kStruct,        // `fields`, printed as { .a = 1, .b = 2 }
  kTuple,         // `fields` without names, printed as (1, a)
  kRecord,        // `fields` with names
  kProbe,         // size 4: index into Image::probe_names
  kTimestamp,     // size 8: nanoseconds since boot, rendered by `format` (strftime)
  kUsername,      // size 4: uid
  kProcessName,   // size 4: pid, whose name the reader looks up
  kCgroupPath,    // size 8: cgroup id, looked up in the hierarchies that `format` matches
  kMacAddress,    // size 8: six bytes, then zeros
  kFlags,         // size 8: a number, named by the table of symbols `format`
  kCall,          // as kBuffer: a system call, laid out as image/syscall_shapes.h says
  kTailCall,      // TailRef, in records only
  kInet,          // kInetBytes: uint32 address family, then 16 bytes of address
  kFloat,         // size 4, 8: as C has it
  kKernelStack,   // size 8: a StackId, rendered by the mode in `format`
  kUserStack,     // likewise
  kKernelSymbol,  // size 8: an address of the kernel, printed as a name
  kUserSymbol,    // size 16: a UserAddress
};

struct ValueField {
  std::string name;
  TypeIndex type = 0;
  uint32_t offset = 0;      // bytes
  uint32_t bit_offset = 0;  // within the bytes at `offset`, for bitfields
  uint32_t bit_width = 0;   // 0 unless a bitfield
};

struct Enumerator {
  int64_t value = 0;
  std::string name;
};

struct ValueType {
  ValueKind kind = ValueKind::kNone;
  uint32_t size = 0;  // bytes that a value takes where it lies
  bool is_signed = false;
  std::string name;                // of a struct or enum
  std::string format;              // of a timestamp or a stack
  TypeIndex element = 0;           // array
  uint32_t count = 0;              // array
  std::vector<ValueField> fields;  // struct, tuple, record
  std::vector<Enumerator> enumerators;
};

// --- maps

enum class MapRole : uint8_t {
  kUser,         // `@name` of the script
  kDataRing,     // ring buffer of records
  kControlRing,  // ring buffer of errors and exit
  kControl,      // struct Control and the loss counters
  kScratch,      // per-CPU slots
  kConstants,    // read-only data: Image::constants
  kCalls,        // struct CallStart of each task
  kStackRing,    // ring buffer of StackRecords
  kStackCache,   // the stacks that were sent lately
};

enum class Aggregation : uint8_t { kNone, kCount, kSum, kAvg, kMin, kMax, kStats, kHist, kLhist, kTseries };

// What becomes of several numbers in one interval of a tseries.
enum class SeriesMerge : uint8_t { kLast, kAvg, kMax, kMin, kSum };

// "No such index". Stands behind the enumerations with a kNone of their own, which gcc takes for a shadow otherwise.
inline constexpr uint32_t kNone = UINT32_MAX;

// Value layouts of aggregations (each per CPU, merged by the reader):
//   count, sum: 8-byte integer   avg, stats: {int64 total, uint64 count}
//   min, max: {int64 value, uint64 is_set}   hist, lhist: uint64 buckets
//   tseries: series_count times SeriesSlot
struct MapSpec {
  std::string name;  // "@start"; internal maps have no `@`
  MapRole role = MapRole::kUser;
  uint32_t bpf_type = 0;  // enum bpf_map_type
  uint32_t key_size = 0;
  uint32_t value_size = 0;  // bytes of one (per-CPU) value, padded to 8
  uint32_t max_entries = 0;
  uint32_t flags = 0;  // BPF_F_*
  bool per_cpu = false;
  bool is_keyless = false;  // one entry, key uint32 0
  // Keyless only: offset of a uint64 that is not 0 once the map was assigned; kNone when the value itself tells
  // (a count that is not 0, any bucket, min's is_set).
  uint32_t present_offset = kNone;
  TypeIndex key_type = 0;    // multi-keys are a tuple
  TypeIndex value_type = 0;  // for sums and the like: the integer's sign
  Aggregation aggregation = Aggregation::kNone;
  uint32_t hist_bits = 0;
  int64_t lhist_min = 0, lhist_max = 0, lhist_step = 1;
  bool print_at_exit = true;
  uint64_t series_interval = 1;  // nanoseconds
  uint32_t series_count = 1;
  SeriesMerge series_merge = SeriesMerge::kLast;
};

// --- events: what a record means

enum class EventKind : uint8_t {
  kPrintf,      // slots rendered by `format`
  kPrintValue,  // one slot, or the fraction of the only format step, and a newline
  kPrintMap,    // `map`, `top`, `div`
  kClearMap,
  kZeroMap,
  kTime,   // slot 0: kTimestamp; rendered by `text`
  kJoin,   // slot 0: tail string, and a newline
  kError,  // as kPrintf, on standard error with its place
  kWarning,
  kExit,    // control ring
  kCat,     // as kPrintf, the path of a file to print
  kSystem,  // as kPrintf, a command to run
  kPacket,  // slots: time, length, bytes; into the capture file `text`
};

struct Slot {
  uint32_t offset = 0;  // from the start of the record
  TypeIndex type = 0;
};

using FormatStep = sonde::FormatStep;

struct SourcePlace {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
};

struct EventSpec {
  EventKind kind = EventKind::kPrintf;
  SourcePlace where;
  std::string function;  // "printf", for messages
  std::vector<Slot> slots;
  uint32_t fixed_size = sizeof(RecordHeader);  // header and slots
  uint32_t max_size = sizeof(RecordHeader);    // with the longest tail
  std::vector<FormatStep> format;
  std::string text;      // strftime format of kTime
  uint32_t map = kNone;  // into Image::maps
  uint32_t top = 0;      // print(@m, top, div); 0: all
  uint64_t div = 0;      // 0: none
};

// --- losses, counted in the control map

enum class LossReason : uint8_t {
  kRingFull,       // an output record found no room
  kMapFull,        // no room for a new key
  kNoMemory,       // the kernel had no memory for a new key at that moment
  kMapBusy,        // a program interrupted another one inside the same map
  kNoScratch,      // all scratch slots of the CPU in use
  kLoopLimit,      // a loop was ended after the most rounds that the kernel allows
  kNoTaskStorage,  // no memory to note the beginning of a call
  kCallsTooDeep,   // more calls of a task begun and not ended than are noted
  kHelperFailed,   // not lost: a helper answered with an error; the next site's counter holds its code
  kHelperCode,
};

struct LossSite {
  SourcePlace where;
  LossReason reason = LossReason::kRingFull;
  std::string object;  // "printf", "@start"
};

// --- programs and probes

enum class ProgramType : uint8_t {
  kRawTracepoint,
  kTracingRawTracepoint,
  kTracepoint,
  kPerfEvent,
  kKprobe,       // with struct pt_regs; uprobes one by one too
  kUprobeMulti,  // the same for a uprobe_multi link
  kIterator,
  kKprobeMulti,    // of kernel functions, for a kprobe_multi link
  kFunctionEntry,  // by trampoline
  kFunctionExit,
};

// All instructions of an entry program, with its subprograms behind it, are one ELF section of this name; relocations
// are R_BPF_64_64 against undefined symbols "map_<index>" (map fd), "value_<index>" (direct map value, the addend is
// the offset into it), "probe_id" and "reader_<slot>" (numbers; 0: no such reader), and against the section itself (a callback, BPF_PSEUDO_FUNC).
struct ProgramSpec {
  std::string section;
  std::string name;  // at most 15 characters, for bpftool
  ProgramType type = ProgramType::kRawTracepoint;
  std::string
      attach_to;  // kTracingRawTracepoint: the event, "sys_enter"; kIterator: "task"; kFunction*: "vmlinux:vfs_read"
  std::string covers;  // for messages: the probe or the pattern that it serves
  uint32_t probe_count = 1;
  // What references to the symbol "probe_id" become: programs of several probes may share a section.
  uint32_t probe_id = 0;
};

// Runs in the tracer, by BPF_PROG_TEST_RUN, in order of declaration.
struct RunAtBegin {};
struct RunAtEnd {};
// Runs in the tracer, one after the other, in place of tracing.
struct RunTest {
  std::string name;
  bool is_bench = false;  // many times, to be timed
};
// Runs in the tracer when it gets this signal.
struct RunAtSignal {
  int32_t signal = 0;
};
// BPF_RAW_TRACEPOINT_OPEN; for kTracingRawTracepoint programs without a name.
struct AttachRawTracepoint {
  std::string event;
};
// perf_event_open on the tracepoint's id; cookie from bpf_get_attach_cookie.
struct AttachPerfTracepoint {
  std::string category;
  std::string event;
  uint32_t id = 0;  // 0: the runtime looks it up
  uint64_t cookie = 0;
};
// A software clock on one CPU.
struct AttachInterval {
  uint64_t period_ns = 0;
};
// A perf event that counts on every CPU; the program runs each `period` of it.
struct AttachSampling {
  uint32_t perf_type = 0;  // PERF_TYPE_*
  uint64_t config = 0;     // PERF_COUNT_*
  uint64_t period = 0;
};
struct UprobePlace {
  uint64_t offset = 0;     // of the code in the file
  uint64_t semaphore = 0;  // of a counter in the file that the kernel raises meanwhile; 0: none
  uint64_t cookie = 0;
};
// Places in one file: all by one link for programs of kUprobeMulti, else each by a perf event of its own.
struct AttachUprobes {
  std::string path;
  std::vector<UprobePlace> places;
  bool is_return = false;
  int32_t pid = 0;  // 0: in every process
};
// A walk over objects of the kernel, which runs once all is attached, or each time that its pinned link is read.
struct AttachIterator {
  std::string target;
  std::string pin;  // a path; empty: none
};
// A breakpoint by perf_event_open; cookie from bpf_get_attach_cookie.
struct AttachKprobe {
  std::string function;  // "vfs_read", "module:function"; empty: `offset` is an address
  uint64_t offset = 0;
  bool is_return = false;
  uint64_t cookie = 0;
};
// Many functions by one link.
struct AttachKprobeMulti {
  std::vector<std::string> functions;
  std::vector<uint64_t> cookies;
  bool is_return = false;
};
// To the function that the program names.
struct AttachFunction {
  std::string function;
};
// A hardware breakpoint: on every CPU, or in the threads of the process that the run is about.
struct AttachWatchpoint {
  uint64_t address = 0;
  uint32_t length = 0;
  uint32_t mode = 0;  // HW_BREAKPOINT_*
  bool is_kernel = false;
};
using AttachPlan = std::variant<RunAtBegin, RunAtEnd, RunTest, AttachRawTracepoint, AttachPerfTracepoint,
                                AttachInterval, AttachSampling, AttachUprobes, AttachIterator, AttachKprobe,
                                AttachKprobeMulti, AttachFunction, RunAtSignal, AttachWatchpoint>;

struct Attachment {
  uint32_t program = 0;  // into Image::programs
  AttachPlan plan;
  std::string probe;  // "tracepoint:syscalls:sys_enter_*", for messages
  uint32_t probe_count = 1;
  bool is_optional = false;  // left out when the kernel does not take it; not all of a script's may be
  bool is_quiet = false;     // and nothing is said of it
};

// One way to attach a group of probes; ways are tried in order until one loads and attaches as a whole.
struct AttachGroup {
  std::vector<std::vector<Attachment>> ways;
};

// --- the whole

struct Options {
  uint64_t max_map_keys = 4096;
  uint32_t ring_bytes = 4U << 20;
  bool print_maps_on_exit = true;
  // A text of max_strlen bytes, its NUL counted, is taken for one that did not fit: the trailer is printed behind it.
  uint32_t max_strlen = 1024;
  std::string str_trunc_trailer = "..";
  bool demangle = true;
  bool debug_lines = true;   // show lines of sources, and what was inlined
  bool lazy_symbols = true;  // names are looked up when they are printed, not when a stack is first seen
  uint64_t max_cat_bytes = 10U << 10;
};

struct Image {
  uint32_t version = kVersion;
  std::vector<std::byte> elf;  // empty: the script has no programs
  std::vector<ValueType> types;
  std::vector<MapSpec> maps;
  std::vector<EventSpec> events;
  std::vector<LossSite> loss_sites;
  std::vector<ProgramSpec> programs;
  std::vector<AttachGroup> groups;  // in order of declaration
  std::vector<std::string> probe_names;
  std::vector<std::byte> constants;
  bool leaves_out_readers = false;  // some program refers to "reader_<slot>"
  Options options;
  std::string license = "GPL";
};

// Serialises to a versioned byte string and back. Errors: truncated, not an image, another version.
std::vector<std::byte> Write(const Image& image);
Result<Image> Read(const std::vector<std::byte>& bytes);
// The image without its ELF, as indented text for --emit=program and tests.
std::string Dump(const Image& image);

}  // namespace sonde::image
