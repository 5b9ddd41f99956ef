// What src/sema makes: a typed program in which no name is left to look up.
//
// Enters: an Ast. Leaves: maps, bodies and probes with every type decided, for src/codegen. Immutable once returned.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/config.h"
#include "base/format_step.h"
#include "base/source.h"
#include "image/image.h"
#include "kernel/user_location.h"
#include "parser/ast.h"
#include "sema/type.h"

namespace sonde::kernel {
class Btf;
}

namespace sonde::sema {

struct Builtin;
struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using Statements = std::vector<StmtPtr>;
using parser::BinaryOp;

inline constexpr uint32_t kNone = UINT32_MAX;

// --- expressions. Operands have already been converted to the type in which the operation is done.

struct Constant {
  uint64_t bits = 0;  // in the canonical extension of the type
};
struct StringConstant {
  std::string value;
};
struct VariableRef {
  uint32_t variable = 0;  // into Body::variables
};
struct MapRef {
  uint32_t map = 0;  // into Program::maps
  ExprPtr key;       // null for keyless maps; a Tuple for multi-keys
};
// The map's value, zero where there is none.
struct MapRead {
  MapRef ref;
};
enum class UnaryOp { kNegate, kBitNot, kNot };
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
// Arithmetic on integers, comparison of scalars; both sides have the same type.
struct Binary {
  BinaryOp op;
  ExprPtr left;
  ExprPtr right;
};
// == and != of strings.
struct StringCompare {
  bool equal = true;
  ExprPtr left;
  ExprPtr right;
};
// == and != of tuples, records and arrays: both sides are compared as values of `type`.
struct MemoryCompare {
  bool equal = true;
  ExprPtr left;
  ExprPtr right;
  const Type* type = nullptr;
};
struct Logical {
  bool is_and = true;
  ExprPtr left;
  ExprPtr right;
};
// A value as another type: one scalar as another, an integer as an array of its bytes and back, a string as bytes, a
// tuple with other elements.
struct Convert {
  ExprPtr operand;
};
struct Ternary {
  ExprPtr condition;
  ExprPtr then_value;  // null for `a ?: b`: the condition's own value, which is of the result's type
  ExprPtr else_value;
};
struct IncDec {
  std::variant<VariableRef, MapRef> target;
  bool increment = true;
  bool prefix = false;
};
// What a builtin's check hook found out and its lowering hook needs.
struct CallData {
  uint32_t event = kNone;  // into Program::events
  uint32_t map = kNone;    // into Program::maps
  std::vector<int64_t> integers;
  std::optional<uint64_t> constant;          // the call is this number, known when the script is compiled
  std::optional<std::string> constant_text;  // … this text
  std::string text;
  // Of aggregations: what the map that they are assigned to becomes. Parameters stand in `integers`.
  image::Aggregation aggregation = image::Aggregation::kNone;
  const Type* aggregate_value = nullptr;
};
struct Call {
  const Builtin* builtin = nullptr;
  std::vector<ExprPtr> args;
  CallData data;
};
struct ArgsField {
  uint32_t field = 0;  // into ArgsLayout::fields
};
// The value at an address: `*p`, `p->field`, `p[i]`.
struct Load {
  ExprPtr pointer;
  ExprPtr index;        // may be null
  uint32_t scale = 0;   // bytes from one index to the next
  uint32_t offset = 0;  // bytes
  uint32_t bit_offset = 0;
  uint32_t bit_width = 0;  // 0 unless a bitfield
};
// Of a variable, or of a map's value: 0 when the map has no such key.
struct AddressOf {
  std::variant<VariableRef, MapRef> target;
};
// A part of a value in memory: `tuple.1`, `array[2]`.
struct Member {
  ExprPtr base;
  ExprPtr index;  // null, or scaled by the size of this expression's type
  uint32_t offset = 0;
  uint32_t bit_offset = 0;
  uint32_t bit_width = 0;  // 0 unless a bitfield
};
// Of a tuple or a record.
struct Tuple {
  std::vector<ExprPtr> elements;
};
struct BlockValue {
  Statements statements;
  ExprPtr value;  // null: the block is of type void
};

struct Expr {
  using Node =
      std::variant<Constant, StringConstant, VariableRef, MapRead, Unary, Binary, StringCompare, MemoryCompare, Logical,
                   Convert, Ternary, IncDec, Call, ArgsField, Load, AddressOf, Member, Tuple, BlockValue>;
  Span span;
  const Type* type = nullptr;
  Node node;
  // Stands for a literal of the script (or folds to one): takes the sign and width of what it meets.
  bool is_literal = false;

  const Constant* AsConstant() const { return std::get_if<Constant>(&node); }
  const StringConstant* AsString() const { return std::get_if<StringConstant>(&node); }
};

// --- statements

struct Evaluate {
  ExprPtr expr;
};
struct AssignVariable {
  uint32_t variable = 0;
  ExprPtr value;
};
// `let $x`: zero, each time that it is reached.
struct Declare {
  uint32_t variable = 0;
};
struct AssignMap {
  MapRef target;
  ExprPtr value;
};
// `@m += n`, `@m -= n`: an atomic addition in place.
struct AddToMap {
  MapRef target;
  ExprPtr value;
  bool subtract = false;
};
// `@m = count()`: the call's builtin updates the value in place.
struct UpdateAggregate {
  MapRef target;
  ExprPtr call;
};
struct If {
  ExprPtr condition;
  Statements then_statements;
  Statements else_statements;
};
struct Unroll {
  uint64_t count = 0;
  Statements body;
};
struct While {
  ExprPtr condition;
  Statements body;
};
// `for ($i : start..end)`: both are int64, evaluated once.
struct ForRange {
  uint32_t variable = 0;
  ExprPtr start;
  ExprPtr end;
  Statements body;
};
// `for ($kv : @map)`: the variable is a tuple of key and value, the value of an aggregation a number.
struct ForMap {
  uint32_t variable = 0;
  uint32_t map = 0;
  Statements body;
};
// Of the innermost loop or unroll.
struct Break {};
struct Continue {};
struct Return {
  ExprPtr value;  // of a test: not 0 says that it failed; else null
};
struct Nested {
  Statements statements;
};

struct Stmt {
  using Node = std::variant<Evaluate, AssignVariable, Declare, AssignMap, AddToMap, UpdateAggregate, If, Unroll, While,
                            ForRange, ForMap, Break, Continue, Return, Nested>;
  Span span;
  Node node;
};

// --- what bodies use

// What `let @map = lruhash(100);` asks for.
struct MapDeclaration {
  bool is_lru = false;
  bool is_per_cpu = false;
  uint32_t max_entries = 0;
  Span span;
};

// How an aggregation is kept and what its parameters are.
struct MapInfo {
  std::string name;           // "@start"
  Span span;                  // first use
  const Type* key = nullptr;  // null: keyless; several keys: a tuple
  const Type* value = nullptr;
  image::Aggregation aggregation = image::Aggregation::kNone;
  uint32_t hist_bits = 0;
  int64_t lhist_min = 0, lhist_max = 0, lhist_step = 1;
  uint64_t series_interval = 1;
  uint32_t series_count = 1;
  image::SeriesMerge series_merge = image::SeriesMerge::kLast;
  bool is_keyless = true;
  std::optional<MapDeclaration> declared;
  bool has_deletes = false;  // keys come and go: an assignment rarely finds its key
};

// A record that a call sends; layout is codegen's business.
struct Event {
  image::EventKind kind = image::EventKind::kPrintf;
  Span span;
  std::string function;
  std::vector<const Type*> values;
  std::vector<FormatStep> format;
  std::string text;
  uint32_t map = kNone;
  uint32_t top = 0;
  uint64_t div = 0;
};

// A field that `args` offers in a probe. Where it is found depends on how the probe is attached: in the perf record at
// `record_offset`, or in the registers of a system call.
struct ArgsFieldInfo {
  enum class Place { kInline, kDataLoc, kRelLoc };
  std::string name;
  std::string c_type;  // as the format file writes it, for -lv and messages
  const Type* type = nullptr;
  uint32_t record_offset = 0;
  uint32_t record_size = 0;
  Place place = Place::kInline;
  int syscall_argument = -1;  // 0…5: the register of that argument
  bool is_syscall_return = false;
  bool is_syscall_number = false;
  bool is_thread_id = false;    // common_pid
  bool only_in_record = false;  // not among the registers: forces the perf path
  // Of execve and execveat, whose success leaves nothing of the registers and of the memory that they led to.
  enum class Exec { kKept, kFileName, kArguments, kEnvironment, kOther };
  Exec exec = Exec::kKept;
  // An argument of a kernel function: a 64-bit word of it, by number. Its type stands in BTF and is read when a body
  // asks for it; `type` is null then.
  int word = -1;
  const kernel::Btf* btf = nullptr;
  uint32_t btf_type = 0;
  bool is_return = false;   // what the function returns, for `retval`; no field of `args`
  // In a process; the field itself is then what the registers say: the value, or the address of it.
  std::optional<kernel::UserLocation> location;
  bool is_context = false;  // of an iterator: `ctx` itself, which points to a `c_type`
};

struct ArgsLayout {
  std::vector<ArgsFieldInfo> fields;
  const ArgsFieldInfo* Find(std::string_view name) const;
};

struct Variable {
  std::string name;
  const Type* type = nullptr;
};

struct ProbeType;

// One body as checked against one layout of `args`.
struct Body {
  Span span;
  std::vector<Variable> variables;
  uint32_t predicate_variables = 0;  // as many of them, the first ones, belong to the predicate
  ExprPtr predicate;                 // may be null
  Statements statements;
  const ArgsLayout* args = nullptr;  // null when the body reads no `args`
  const ProbeType* probe_type = nullptr;
  bool needs_record = false;  // reads what only the perf record has
  bool needs_enter = false;   // of a call: reads what is only known when that begins
  bool prints = false;  // sends something to the reader
  bool uses_probe_name = false;
  bool uses_function_name = false;
  bool has_loops = false;
  bool has_loops_in_predicate = false;
};

// --- probes. What a probe type's expansion asks to be attached; closed, so that codegen cannot forget one.

struct HookBegin {};
struct HookEnd {};
struct HookTest {
  std::string name;
  bool is_bench = false;
};
// The tracer gets this signal.
struct HookSignal {
  int signal = 0;
};
struct HookInterval {
  uint64_t period_ns = 0;
};
// A perf event that counts on every CPU and runs the body each `period` of it (nanoseconds for clocks).
struct HookSampling {
  uint32_t perf_type = 0;  // PERF_TYPE_*
  uint64_t config = 0;     // PERF_COUNT_*
  uint64_t period = 0;
};
struct HookSyscall {
  bool is_exit = false;
  int number = 0;
  uint32_t tracepoint_id = 0;  // 0: not looked up
  std::string event;           // "sys_enter_openat"
};
// A system call from its beginning to its end; the body runs at the end.
struct HookSyscallPair {
  int number = 0;
};
struct HookTracepoint {
  std::string category;
  std::string event;
  uint32_t id = 0;  // 0: not looked up
};
// A place in a program or library.
struct HookUprobe {
  std::string path;        // of the file, where it is opened
  uint64_t offset = 0;     // of the code in the file
  uint64_t semaphore = 0;  // offset of a counter that is above 0 while somebody watches; 0: there is none
  bool is_return = false;  // when the function that begins there returns
  int32_t pid = 0;         // 0: in every process
  bool is_call = false;    // from its beginning to its return, where the body runs
};
struct HookRawTracepoint {
  std::string event;
};
// Walks over objects of the kernel, once.
struct HookIterator {
  std::string target;             // "task"
  std::vector<uint32_t> objects;  // offsets of pointers in the context that are null when the walk is over
  std::string pin;                // path of the pinned link; empty: none
};
// The entry or return of a kernel function by a breakpoint, or an address in it.
struct HookKprobe {
  std::string function;  // "vfs_read", "module:function"; empty: `offset` is an address
  uint64_t offset = 0;   // bytes behind the function's start
  bool is_return = false;
  bool is_optional = false;  // one of many that a wildcard found: left out when the kernel does not take it
  bool is_call = false;      // from its beginning to its return
};
// The entry or return of a kernel function by a jump from its start.
struct HookFunction {
  std::string module;  // "vmlinux"
  std::string function;
  bool is_return = false;
  bool is_optional = false;
  bool is_call = false;
};
// An address that the processor watches.
struct HookWatchpoint {
  uint64_t address = 0;
  uint32_t length = 0;
  uint32_t mode = 0;       // HW_BREAKPOINT_*
  bool is_kernel = false;  // on every CPU, else in one process
};
using Hook = std::variant<HookBegin, HookEnd, HookTest, HookInterval, HookSampling, HookSyscall, HookTracepoint,
                          HookUprobe, HookRawTracepoint, HookIterator, HookKprobe, HookFunction, HookSignal,
                          HookWatchpoint, HookSyscallPair>;

struct ProbeInstance {
  std::string name;  // "tracepoint:syscalls:sys_enter_openat"
  std::string spec;  // as written, for messages
  Hook hook;
  uint32_t body = 0;     // into Program::bodies
  std::string function;  // for `func`
  bool is_act = false;   // the current task does what the probe is about
};

struct Program {
  std::shared_ptr<TypeTable> types;
  std::vector<MapInfo> maps;
  std::vector<Event> events;
  std::vector<std::unique_ptr<const ArgsLayout>> layouts;
  std::vector<Body> bodies;
  std::vector<ProbeInstance> probes;  // in order of declaration; the index is the probe's id
  const SourceManager* sources = nullptr;
  MissingProbes missing_probes = MissingProbes::kError;
};

// The program as indented text, for --emit=program and tests.
std::string Dump(const Program& program);

}  // namespace sonde::sema
