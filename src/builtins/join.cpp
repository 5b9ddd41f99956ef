// join(array[, delimiter]): the strings of a NULL-terminated array of pointers, as one.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kPrintedBytes = 15U << 10;  // of a text that is printed at once
constexpr uint32_t kValueBytes = 4U << 10;     // of one that is kept or printed with others, unless max_strlen is more
constexpr uint32_t kStringBytes = 1024;        // of each string
constexpr uint64_t kMaxStrings = 128;
constexpr uint32_t kMaxDelimiter = 8;
constexpr std::string_view kCut = "..";  // behind what did not fit

// The length that probe_read_user_str returned, without the NUL; 0 when the string could not be read. Without a branch:
// each one would double the paths that the verifier walks in every round of the loop.
llvm::Value* Length(BodyContext& body, llvm::Value* read) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* length = ir.CreateSub(read, body.I64(1));
  llvm::Value* is_valid = ir.CreateNot(ir.CreateAShr(length, body.I64(63)));
  return ir.CreateAnd(ir.CreateAnd(length, is_valid), body.I64(kStringBytes - 1));
}

// Each string is followed by the delimiter; the last one's is taken back.
llvm::Value* Write(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  // From here on another string might not fit.
  uint64_t last_start = expr.type->size - kStringBytes - 4 * kMaxDelimiter;
  const std::string& delimiter = call.data.text;
  sema::AddressSpace space = call.args[0]->type->space;
  bool is_user = space == sema::AddressSpace::kUser;
  llvm::Value* array = body.Lower(*call.args[0]);
  llvm::Value* pointer_at = body.Temporary(8);
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::BasicBlock* loop = body.NewBlock("join");
  llvm::BasicBlock* append = body.NewBlock("join_append");
  llvm::BasicBlock* again = body.NewBlock("join_again");
  llvm::BasicBlock* cut = body.NewBlock("join_cut");
  llvm::BasicBlock* done = body.NewBlock("joined");
  ir.CreateBr(loop);

  ir.SetInsertPoint(loop);
  llvm::PHINode* index = ir.CreatePHI(ir.getInt64Ty(), 2);
  llvm::PHINode* start = ir.CreatePHI(ir.getInt64Ty(), 2);
  index->addIncoming(body.I64(0), before);
  start->addIncoming(body.I64(0), before);
  llvm::Value* place = ir.CreateAdd(array, ir.CreateShl(index, body.I64(3)));
  ir.CreateAlignedStore(body.I64(0), pointer_at, llvm::Align(8));
  body.ReadMemory(pointer_at, 8, place, space);
  llvm::Value* pointer = ir.CreateAlignedLoad(ir.getInt64Ty(), pointer_at, llvm::Align(8), /*isVolatile=*/true);
  ir.CreateCondBr(ir.CreateICmpEQ(pointer, body.I64(0)), done, append);

  ir.SetInsertPoint(append);
  int helper = is_user ? BPF_FUNC_probe_read_user_str : BPF_FUNC_probe_read_kernel_str;
  llvm::Value* read = body.Helper(helper, {body.At(target, start), body.I64(kStringBytes), pointer});
  llvm::Value* end = ir.CreateAdd(start, Length(body, read));
  body.StoreBytes(body.At(target, end), delimiter);
  llvm::Value* next_start = ir.CreateAdd(end, body.I64(delimiter.size()));
  llvm::Value* next = ir.CreateAdd(index, body.I64(1));
  ir.CreateCondBr(ir.CreateICmpULT(next_start, body.I64(last_start)), again, cut);
  ir.SetInsertPoint(again);
  index->addIncoming(next, again);
  start->addIncoming(next_start, again);
  ir.CreateCondBr(ir.CreateICmpULT(next, body.I64(kMaxStrings)), loop, cut);

  ir.SetInsertPoint(cut);
  body.StoreBytes(body.At(target, next_start), kCut);
  llvm::Value* cut_end = ir.CreateAdd(next_start, body.I64(kCut.size() + delimiter.size()));
  ir.CreateBr(done);

  ir.SetInsertPoint(done);
  llvm::PHINode* total = ir.CreatePHI(ir.getInt64Ty(), 2);
  total->addIncoming(start, loop);
  total->addIncoming(cut_end, cut);
  llvm::Value* trailing = body.I64(delimiter.size());
  llvm::Value* has_any = ir.CreateICmpUGE(total, trailing);
  llvm::Value* length = ir.CreateSelect(has_any, ir.CreateSub(total, trailing), body.I64(0));
  // By way of memory, where the verifier forgets what it knows of the number: else it would walk all that follows once
  // for each round of the loop.
  llvm::Value* forgotten = body.At(target, expr.type->size - 8);
  ir.CreateAlignedStore(length, forgotten, llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* unknown = ir.CreateAlignedLoad(ir.getInt64Ty(), forgotten, llvm::Align(8), /*isVolatile=*/true);
  ir.CreateAlignedStore(body.I64(0), forgotten, llvm::Align(8), /*isVolatile=*/true);
  llvm::Value* bounded = body.AtMost(unknown, expr.type->size - 3 * kMaxDelimiter);
  body.StoreBytes(body.At(target, bounded), std::string(delimiter.size() + 1, '\0'));
  return bounded;
}

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr array = checker.Check(*syntax.args[0]);
  std::string delimiter = " ";
  if (syntax.args.size() > 1) {
    std::optional<std::string> given = checker.CheckStringLiteral(*syntax.args[1], "the delimiter");
    if (!given) return checker.types().Error();
    if (given->size() > kMaxDelimiter) {
      return checker.Fail(sema::kOutOfRange, syntax.args[1]->span,
                          fmt::format("the delimiter may have at most {} bytes", kMaxDelimiter));
    }
    delimiter = *given;
  }
  if (array->type->IsVague()) return array->type;
  if (!array->type->IsPointer()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("join() takes an array of pointers to text, such as args.argv, but this is {}",
                                    sema::Name(*array->type)));
  }
  call.data.text = delimiter;
  call.args.push_back(std::move(array));
  uint32_t capacity = std::clamp(checker.options().max_strlen, kValueBytes, kPrintedBytes);
  return checker.types().String(capacity);
}

void Print(Checker& checker, Span span, Call& call) {
  const Type* text = checker.types().String(kPrintedBytes);
  uint32_t event =
      checker.AddEvent({.kind = image::EventKind::kJoin, .span = span, .function = "join", .values = {text}});
  sema::ExprPtr value = checker.Make(span, text, std::move(call));
  call = {.builtin = &kJoin};
  call.data.event = event;
  call.args.push_back(std::move(value));
}

llvm::Value* Send(BodyContext& body, const sema::Expr& expr, const Call& call) {
  body.SendRecord(call.data.event, {call.args[0].get()}, expr.span);
  return nullptr;
}

}  // namespace

const Builtin kJoin{.name = "join",
                    .signature = "string join(char *array[][, const string delimiter])",
                    .summary = "The strings of a NULL-terminated array as one; a statement of its own prints them.",
                    .example = "tracepoint:syscalls:sys_enter_execve { join(args.argv); }",
                    .min_args = 1,
                    .max_args = 2,
                    .has_effect = true,
                    .check = Check,
                    .as_statement = Print,
                    .lower = Send,
                    .lower_into = Write};

}  // namespace sonde::builtins
