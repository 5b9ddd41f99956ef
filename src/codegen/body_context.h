// The context in which one body is lowered, and all that the lowering hooks of builtins may use.
//
// Scalars travel as i64 in the canonical extension of their type: sign-extended when signed, else zero-extended.
// Strings, tuples and the like live in memory: temporaries of at most 64 bytes on the BPF stack, larger ones in a slot
// of the per-CPU scratch map, which is claimed before its first use and released at the body's single exit. In a body
// with loops all memory is in that slot: the callbacks reach it, and they share the stack's 512 bytes.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "codegen/codegen.h"
#include "codegen/layout.h"
#include "sema/program.h"

namespace sonde::codegen {

// Facts about the kernel that lowering needs.
struct KernelFacts {
  // Offsets in task_struct, of the kernel's BTF; bytes.
  struct Task {
    uint32_t status = 0;  // thread_info.status
    uint32_t tgid = 0;
    uint32_t pid = 0;
    uint32_t comm = 0;
    uint32_t mm = 0;
  };
  Task task;
  uint32_t mm_env_end = 0;  // in mm_struct
  // Of the tracer; 0 when it is the initial one.
  struct PidNamespace {
    uint64_t device = 0;
    uint64_t inode = 0;
  };
  PidNamespace pid_namespace;
  uint32_t online_cpus = 1;
  uint32_t possible_cpus = 1;
};

// What every program of the module shares.
struct ModuleContext {
  llvm::LLVMContext& llvm;
  llvm::Module& module;
  Layout& layout;
  const sema::Program& program;
  KernelFacts facts;
  Diagnostics& diagnostics;
  HelperErrors helper_errors = HelperErrors::kNone;
  bool leaves_out_readers = false;  // the script prints what tasks do: not what its readers do
};

// Where `args` is found.
enum class ArgsAccess {
  kNone,
  kSyscallEnter,  // struct pt_regs
  kSyscallExit,   // the return value
  kSyscallPair,   // both, and image::CallStart
  kRecord,        // the perf record that ctx points to
  kRegisters,     // struct pt_regs, which ctx points to
  kWords,         // 64-bit words that ctx points to
  kIterator,      // none: the body reads its context by `ctx`
  kTrampoline,    // by helpers
  kCall,          // the registers of a return, and image::FunctionCall
};

// One BPF program: an ELF section.
struct ProgramContext {
  ModuleContext& module;
  std::string section;
  ArgsAccess access = ArgsAccess::kNone;
  llvm::Function* wake = nullptr;         // made at first use
  llvm::Function* learn_entry = nullptr;  // likewise
  // How many frames of a kernel stack lie between the body and what it is attached to, at least; 0: the program is
  // given the registers that the stack begins with.
  uint32_t entry_frames = 0;
  bool leaves_out_readers = false;  // its bodies do not run for the readers of the output
};

// A function that is being lowered: a body's own, or the callback of a loop in it. Values are good in this function
// only.
struct Frame {
  llvm::Function* function = nullptr;
  llvm::BasicBlock* entry = nullptr;     // allocas
  llvm::BasicBlock* leave = nullptr;     // ends the body
  llvm::BasicBlock* break_to = nullptr;  // of the innermost loop or unroll; null outside
  llvm::BasicBlock* continue_to = nullptr;
  llvm::Value* ctx = nullptr;
  llvm::Value* regs = nullptr;
  llvm::Value* probe_id = nullptr;
  llvm::Value* task = nullptr;
  llvm::Value* call = nullptr;        // image::CallStart or FunctionCall, null unless the body needs it
  llvm::Value* scratch = nullptr;     // the claimed slot, behind its header; null until it is needed
  llvm::Value* loop_state = nullptr;  // of callbacks: where they find the six values above
  uint32_t calls = 0;                 // calls between the program's entry and this function
  bool leaves = false;                // something branches to `leave`
};

// Sets the place of what is being lowered, until its end.
class Within {
 public:
  Within(Span& current, Span span) : current_(current), before_(current) { current_ = span; }
  ~Within() { current_ = before_; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  Span& current_;
  Span before_;
};

class BodyContext {
 public:
  // `function` takes (ctx, regs, probe id, task); regs and task are null unless access is a syscall's.
  BodyContext(ProgramContext& program, const sema::Body& body, llvm::Function* function);

  // Lowers predicate and statements into the function, with claim and release of scratch.
  void Run();

  // --- values

  llvm::Value* Lower(const sema::Expr& expr);
  // i1.
  llvm::Value* LowerCondition(const sema::Expr& expr);
  // Writes a value in memory of `type` to `target`, bytes behind a string's NUL undefined. For strings returns the
  // length, or null where it is not known without a call more.
  llvm::Value* LowerInto(const sema::Expr& expr, const sema::Type& type, llvm::Value* target);
  // The same, and always with the length of a text or a buffer.
  llvm::Value* LowerTextInto(const sema::Expr& expr, const sema::Type& type, llvm::Value* target);
  // The same with every padding byte zero, as map keys need it.
  void LowerKeyInto(const sema::Expr& expr, const sema::Type& type, llvm::Value* target);
  // Where a value in memory stands; made in a temporary if it stands nowhere yet.
  llvm::Value* LowerAddress(const sema::Expr& expr);
  // A scalar is stored, a value in memory written.
  void StoreValue(const sema::Expr& expr, const sema::Type& type, llvm::Value* target);
  llvm::Value* LoadScalar(const sema::Type& type, llvm::Value* pointer);
  void StoreScalar(llvm::Value* value, const sema::Type& type, llvm::Value* pointer);

  // --- parts

  llvm::IRBuilder<>& ir() { return ir_; }
  ProgramContext& program() { return program_; }
  ModuleContext& module() { return program_.module; }
  Layout& layout() { return program_.module.layout; }
  const sema::Body& body() const { return body_; }
  llvm::Value* ctx() { return frame_.ctx; }
  llvm::Value* regs() { return frame_.regs; }
  llvm::Value* probe_id();
  // The current task_struct, which may be read directly; null where the program does not have it at hand.
  llvm::Value* task() {
    bool has_task = program_.access == ArgsAccess::kSyscallEnter || program_.access == ArgsAccess::kSyscallExit ||
                    program_.access == ArgsAccess::kSyscallPair;
    return has_task ? frame_.task : nullptr;
  }
  // What the function, or the system call, returns.
  llvm::Value* ReturnValue();
  // Of a syscall: probe.
  llvm::Value* SyscallNumber();
  // Its number, result, arguments and what they lead to, as image/syscall_shapes.h says; their length in bytes.
  llvm::Value* CaptureCall(llvm::Value* target, uint32_t capacity);
  llvm::Value* ElapsedNs();
  llvm::ConstantInt* I64(uint64_t value) { return ir_.getInt64(value); }
  llvm::BasicBlock* NewBlock(const char* name);
  llvm::Value* At(llvm::Value* pointer, uint64_t offset);
  llvm::Value* At(llvm::Value* pointer, llvm::Value* offset);

  // Of struct pt_regs, in programs that are given it (ProbeType::has_registers); offset in bytes. Of a call: as they were
  // when it began.
  llvm::Value* Register(uint32_t offset);
  // The same as they are now.
  llvm::Value* CurrentRegister(uint32_t offset);
  // An argument of the function that has just been entered, by its number from 0: six in registers, others on the
  // stack. `only_stack` counts those on the stack alone.
  llvm::Value* FunctionArgument(uint32_t number, bool only_stack = false);
  // A 64-bit word of the arguments, where the kernel hands over such, and of what the function returned.
  llvm::Value* WordArgument(uint32_t number);
  llvm::Value* WordReturned();
  // What the registers say of a value in a process: itself, or its address. Of a call: `now`, or when it began.
  llvm::Value* LocatedNumber(const kernel::UserLocation& at, bool now = false);
  // A value in memory of at most 16 bytes that lies in one or two whole registers.
  void StoreLocated(const kernel::UserLocation& at, const sema::Type& type, llvm::Value* target, bool now = false);

  // Calls a BPF helper by its number (BPF_FUNC_*); pointers are passed as such, the result is i64 or a pointer.
  llvm::Value* Helper(int number, std::initializer_list<llvm::Value*> args);
  llvm::Value* PointerHelper(int number, std::initializer_list<llvm::Value*> args);

  // Counts a negative answer of a helper, where somebody wants to know of it.
  void NoteFailure(llvm::Value* answer, int helper);

  // Memory of this many bytes until the end of the statement; 8-byte aligned.
  llvm::Value* Temporary(uint32_t bytes);
  void Zero(llvm::Value* target, uint32_t bytes);
  // What is known of the alignment of a place in one of our own values, which all start 8-byte aligned.
  uint32_t AlignmentOf(llvm::Value* pointer);
  // Stores bytes known now, in words as large as the target's alignment allows.
  void StoreBytes(llvm::Value* target, std::string_view bytes);
  void Copy(llvm::Value* target, llvm::Value* source, uint32_t bytes);
  // Reads a string from an address; returns its length without NUL, 0 when it cannot be read.
  llvm::Value* ReadString(llvm::Value* target, llvm::Value* capacity, llvm::Value* address, sema::AddressSpace space);
  // The same where it is not known whether the address is the kernel's or the process's: the number tells.
  llvm::Value* ReadStringAnywhere(llvm::Value* target, llvm::Value* capacity, llvm::Value* address);
  void ReadMemory(llvm::Value* target, uint32_t bytes, llvm::Value* address, sema::AddressSpace space);
  void ReadMemory(llvm::Value* target, llvm::Value* bytes, llvm::Value* address, sema::AddressSpace space);
  // Of a buffer: the number of its bytes.
  void StoreLength(llvm::Value* length, llvm::Value* target);
  // min(value, limit), in a form that the verifier follows.
  llvm::Value* AtMost(llvm::Value* value, uint64_t limit);
  // The same 64-bit value, of which the optimiser knows nothing any more.
  llvm::Value* Hide(llvm::Value* value);

  // --- maps

  llvm::Value* MapPointer(uint32_t map);
  // The bytes of an array map's only entry.
  llvm::Value* DirectValue(uint32_t map);
  llvm::Value* LowerKey(const sema::MapRef& ref);
  llvm::Value* Lookup(const sema::MapRef& ref, llvm::Value* key);
  // The value's place, made from zeros when it is missing; a full map branches to `missing` after it is counted.
  llvm::Value* LookupOrInsert(const sema::MapRef& ref, Span span, llvm::BasicBlock* missing);
  // The 32-bit error code of an update: 0, or negative.
  llvm::Value* UpdateElement(uint32_t map, llvm::Value* key, llvm::Value* value, uint64_t flags);
  void MarkPresent(uint32_t map, llvm::Value* value);
  // 1 when there was one.
  llvm::Value* DeleteElement(const sema::MapRef& ref);
  llvm::Value* HasKey(const sema::MapRef& ref);
  // The one number that the CPUs' values of a count, sum, avg, min or max amount to, 0 where the key is missing.
  llvm::Value* AggregateNumber(uint32_t map, llvm::Value* key);

  // How many keys it has.
  llvm::Value* MapLength(uint32_t map);
  // --- stacks

  // The StackId of where the kernel or the process is.
  llvm::Value* CaptureStack(image::StackFrames frames, uint32_t limit, Span span);
  // Tells the reader of an address of the current process that may be printed later.
  void AnnounceAddress(llvm::Value* address);

  // --- records

  // Sends a record of Program::events with these values in its slots.
  void SendRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span);
  // Sets the exit flag, tells the runtime, and leaves the body.
  void LowerExit(uint32_t event, llvm::Value* code, Span span);
  void CountLoss(Span span, image::LossReason reason, const std::string& object);
  void CountFailedUpdate(Span span, uint32_t map, llvm::Value* code, llvm::BasicBlock* next);
  llvm::Value* ControlField(uint32_t offset);
  // Ends the body; what is lowered behind it is unreachable.
  void Leave();

 private:
  // A stack slot, or a place in scratch: its address is computed where it is used, so that it dominates the use.
  struct Memory {
    llvm::Value* stack = nullptr;  // null: in scratch
    uint32_t offset = 0;
    uint32_t bytes = 0;
  };

  void LeaveOutReaders(llvm::BasicBlock* refused);
  llvm::Value* ProcessId();
  void LowerPredicate(llvm::BasicBlock* refused);
  void LowerStatements(const sema::Statements& statements);
  void LowerStatement(const sema::Stmt& stmt);
  // Memory for variables from `first` up to `end`.
  void AllocateVariables(size_t first, size_t end);
  llvm::Value* VariableAddress(uint32_t variable) { return Address(variables_[variable]); }
  void ZeroVariable(uint32_t variable);
  // Whether memory may be on the stack of the body's function, which callbacks do not reach.
  bool UsesStack() const { return in_predicate_ ? !body_.has_loops_in_predicate : !body_.has_loops; }
  Memory Allocate(uint32_t bytes);
  Memory Reserve(uint32_t bytes);  // until the end of the statement
  llvm::Value* Address(const Memory& memory);
  void EnsureScratch();
  void EmitClaim(llvm::BasicBlock* at);
  void ReleaseTemporaries(size_t mark);

  llvm::Value* LowerBinary(const sema::Binary& node, const sema::Type& operand);
  llvm::Value* LowerDivision(sema::BinaryOp op, llvm::Value* left, llvm::Value* right, bool is_signed);
  llvm::Value* LowerConvert(const sema::Convert& node, const sema::Type& type);
  llvm::Value* LowerTernary(const sema::Ternary& node, const sema::Type& type);
  llvm::Value* LowerLogical(const sema::Logical& node);
  llvm::Value* LowerIncDec(const sema::IncDec& node, const sema::Expr& expr);
  llvm::Value* LowerMapRead(const sema::MapRead& node, const sema::Type& type);
  llvm::Value* LowerArgsField(const sema::ArgsFieldInfo& field, const sema::Type& type);
  llvm::Value* NotedRegister(uint32_t offset);
  llvm::Value* LowerPairedArgument(const sema::ArgsFieldInfo& field);
  llvm::Value* LowerExecArgument(const sema::ArgsFieldInfo& field);
  llvm::Value* FoundExecArgument(sema::ArgsFieldInfo::Exec part);
  void StoreCallHeader(llvm::Value* target);
  void StoreExecArguments(llvm::Value* target, int number);
  llvm::Value* LowerArgsString(const sema::ArgsFieldInfo& field, const sema::Type& type, llvm::Value* target);
  llvm::Value* RecordFieldAddress(const sema::ArgsFieldInfo& field);
  llvm::Value* LoadAddress(const sema::Load& node);
  llvm::Value* ReadBitfield(const sema::Type& type, uint32_t bit_offset, uint32_t bit_width, llvm::Value* address,
                            sema::AddressSpace space);
  llvm::Value* LowerLoad(const sema::Load& node, const sema::Type& type);
  llvm::Value* LowerMember(const sema::Member& node, const sema::Type& type);
  llvm::Value* LowerAddressOf(const sema::AddressOf& node);
  llvm::Value* MemberAddress(const sema::Member& node, const sema::Type& type, llvm::Value* base);
  llvm::Value* LowerStringCompare(const sema::StringCompare& node);
  llvm::Value* LowerMemoryCompare(const sema::MemoryCompare& node);
  llvm::Value* Difference(llvm::Value* left, llvm::Value* right, uint32_t bytes);
  llvm::Value* CompareWithLiteral(const sema::Expr& value, const std::string& literal);
  llvm::Value* CompareStrings(const sema::Expr& left, const sema::Expr& right);
  llvm::Value* StoreString(const std::string& value, uint32_t capacity, llvm::Value* target);
  void ZeroPadding(llvm::Value* target, const sema::Type& type);
  void CopyValue(llvm::Value* target, const sema::Type& to, llvm::Value* source, const sema::Type& from);
  llvm::Value* CopyBuffer(llvm::Value* target, const sema::Type& to, llvm::Value* source, const sema::Type& from);
  void ConvertInto(const sema::Expr& operand, const sema::Type& type, llvm::Value* target);
  llvm::Value* ConvertScalar(llvm::Value* value, const sema::Type& from, const sema::Type& to);
  llvm::Value* Extended(llvm::Value* narrow, const sema::Type& type);
  llvm::Value* Canonical(llvm::Value* value, const sema::Type& type);
  void LowerAssignVariable(const sema::AssignVariable& node);
  void LowerAssignMap(const sema::AssignMap& node, Span span);
  void LowerAddToMap(const sema::AddToMap& node, Span span);
  void LowerUpdateAggregate(const sema::UpdateAggregate& node, Span span);
  void LowerIf(const sema::If& node);
  void LowerUnroll(const sema::Unroll& node);
  void Jump(llvm::BasicBlock* target);

  // Loops: see lower_loop.cpp.
  struct Callback;
  void LowerWhile(const sema::While& node, Span span);
  void LowerForRange(const sema::ForRange& node, Span span);
  void LowerForMap(const sema::ForMap& node);
  llvm::Value* LoopState();
  Callback BeginCallback(const std::vector<llvm::Type*>& parameters, const Memory* ended);
  bool EndCallback(const Callback& callback);
  void StoreElement(const sema::ForMap& node, llvm::Value* key, llvm::Value* value);
  llvm::Value* Untraced(llvm::Value* rounds);
  void LeaveIfMarked();
  void CountLoopLimit(llvm::Value* at_limit, const Memory& ended, Span span, const char* object);

  void StoreStackHeader(llvm::Value* record, image::StackFrames frames, uint32_t limit);
  llvm::Value* EntryBytes(llvm::Value* frames);
  llvm::Function* LearnEntryFunction();
  llvm::Value* SendStack(llvm::Value* record, llvm::Value* bytes, uint32_t capacity, uint32_t frame_bytes,
                         std::optional<Span> span);
  llvm::Value* HashStack(llvm::Value* record, llvm::Value* bytes);

  void StoreHeader(llvm::Value* record, uint32_t event);
  void SendFixedRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span);
  void SendTailRecord(uint32_t event, const std::vector<const sema::Expr*>& values, Span span);
  // When it waits for what `from` (an image::kAwaits…) says.
  void WakeReader(uint32_t from = image::kAwaitsRecords);
  llvm::Function* WakeFunction();

  ProgramContext& program_;
  const sema::Body& body_;
  llvm::IRBuilder<> ir_;
  Frame frame_;
  llvm::BasicBlock* claim_early_ = nullptr;  // before the predicate
  llvm::BasicBlock* claim_late_ = nullptr;   // behind it
  llvm::BasicBlock* exit_ = nullptr;         // releases and returns
  llvm::BasicBlock* return_ = nullptr;       // returns
  bool in_predicate_ = false;
  Span span_;  // of what is being lowered
  bool predicate_claims_ = false;
  uint32_t stack_bytes_ = 0;
  uint32_t scratch_bytes_ = 0;
  llvm::Value* loop_state_ = nullptr;  // on the stack of the body's function
  Memory left_;                        // whether a loop was ended by `return` or exit()
  std::vector<Memory> variables_;
  std::vector<Memory> in_use_;
  std::vector<Memory> free_;
};

}  // namespace sonde::codegen
