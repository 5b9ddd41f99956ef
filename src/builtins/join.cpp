// join(array[, delimiter]): the strings of a NULL-terminated array of pointers, as one.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kJoinBytes = 16U << 10;  // of the joined text
constexpr uint32_t kStringBytes = 1024;     // of each string
constexpr uint64_t kMaxStrings = 128;
constexpr uint32_t kMaxDelimiter = 8;
// From here on another string might not fit.
constexpr uint64_t kLastStart = kJoinBytes - kStringBytes - kMaxDelimiter;

// The length that probe_read_user_str returned, without the NUL; 0 when the string could not be read. Without a branch:
// each one would double the paths that the verifier walks in every round of the loop.
llvm::Value* Length(BodyContext& body, llvm::Value* read) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* length = ir.CreateSub(read, body.I64(1));
  llvm::Value* is_valid = ir.CreateNot(ir.CreateAShr(length, body.I64(63)));
  return ir.CreateAnd(ir.CreateAnd(length, is_valid), body.I64(kStringBytes - 1));
}

// Each string is followed by the delimiter; the last one's is not counted.
llvm::Value* Write(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  const std::string& delimiter = call.data.text;
  sema::AddressSpace space = call.args[0]->type->space;
  bool is_user = space == sema::AddressSpace::kUser;
  llvm::Value* array = body.Lower(*call.args[0]);
  llvm::Value* pointer_at = body.Temporary(8);
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::BasicBlock* loop = body.NewBlock("join");
  llvm::BasicBlock* append = body.NewBlock("join_append");
  llvm::BasicBlock* again = body.NewBlock("join_again");
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
  ir.CreateCondBr(ir.CreateICmpULT(next_start, body.I64(kLastStart)), again, done);
  ir.SetInsertPoint(again);
  index->addIncoming(next, again);
  start->addIncoming(next_start, again);
  ir.CreateCondBr(ir.CreateICmpULT(next, body.I64(kMaxStrings)), loop, done);

  ir.SetInsertPoint(done);
  llvm::PHINode* total = ir.CreatePHI(ir.getInt64Ty(), 3);
  total->addIncoming(start, loop);
  total->addIncoming(next_start, append);
  total->addIncoming(next_start, again);
  llvm::Value* trailing = body.I64(delimiter.size());
  llvm::Value* has_any = ir.CreateICmpUGE(total, trailing);
  return ir.CreateSelect(has_any, ir.CreateSub(total, trailing), body.I64(0));
}

// The joined text as a value.
const Builtin kJoinedText{.name = "join", .lower_into = Write};

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
  const Type* text = checker.types().String(kJoinBytes);
  Call value{.builtin = &kJoinedText};
  value.data.text = delimiter;
  value.args.push_back(std::move(array));
  call.data.event = checker.AddEvent(
      {.kind = image::EventKind::kJoin, .span = syntax.name_span, .function = "join", .values = {text}});
  call.args.push_back(checker.Make(syntax.name_span, text, std::move(value)));
  return checker.types().Void();
}

}  // namespace

const Builtin kJoin{.name = "join",
                    .signature = "void join(char *array[][, const string delimiter])",
                    .summary = "Prints the strings of a NULL-terminated array on one line.",
                    .min_args = 1,
                    .max_args = 2,
                    .has_effect = true,
                    .check = Check,
                    .lower = [](BodyContext& body, const sema::Expr& expr, const Call& call) -> llvm::Value* {
                      body.SendRecord(call.data.event, {call.args[0].get()}, expr.span);
                      return nullptr;
                    }};

}  // namespace sonde::builtins
