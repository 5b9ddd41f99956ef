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

llvm::Value* Write(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  const Type& array_type = *call.args[0]->type;
  sema::AddressSpace space = array_type.space;
  llvm::Value* array = body.Lower(*call.args[0]);
  llvm::Value* pointer_at = body.Temporary(8);
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::BasicBlock* loop = body.NewBlock("join");
  llvm::BasicBlock* read = body.NewBlock("join_read");
  llvm::BasicBlock* delimit = body.NewBlock("join_delimiter");
  llvm::BasicBlock* append = body.NewBlock("join_append");
  llvm::BasicBlock* done = body.NewBlock("joined");
  ir.CreateBr(loop);

  ir.SetInsertPoint(loop);
  llvm::PHINode* index = ir.CreatePHI(ir.getInt64Ty(), 2);
  llvm::PHINode* end = ir.CreatePHI(ir.getInt64Ty(), 2);
  index->addIncoming(body.I64(0), before);
  end->addIncoming(body.I64(0), before);
  llvm::Value* place = ir.CreateAdd(array, ir.CreateShl(index, body.I64(3)));
  ir.CreateAlignedStore(body.I64(0), pointer_at, llvm::Align(8));
  body.ReadMemory(pointer_at, 8, place, space);
  llvm::Value* pointer = ir.CreateAlignedLoad(ir.getInt64Ty(), pointer_at, llvm::Align(8), /*isVolatile=*/true);
  ir.CreateCondBr(ir.CreateICmpEQ(pointer, body.I64(0)), done, read);

  ir.SetInsertPoint(read);
  ir.CreateCondBr(ir.CreateICmpEQ(index, body.I64(0)), append, delimit);
  ir.SetInsertPoint(delimit);
  for (size_t i = 0; i < call.data.text.size(); ++i) {
    ir.CreateStore(ir.getInt8(static_cast<uint8_t>(call.data.text[i])), body.At(body.At(target, end), i));
  }
  llvm::Value* behind = ir.CreateAdd(end, body.I64(call.data.text.size()));
  ir.CreateBr(append);

  ir.SetInsertPoint(append);
  llvm::PHINode* start = ir.CreatePHI(ir.getInt64Ty(), 2);
  start->addIncoming(end, read);
  start->addIncoming(behind, delimit);
  llvm::Value* length = body.ReadString(body.At(target, start), body.I64(kStringBytes), pointer, space);
  llvm::Value* next_end = body.AtMost(ir.CreateAdd(start, length), kLastStart);
  llvm::Value* next = ir.CreateAdd(index, body.I64(1));
  index->addIncoming(next, append);
  end->addIncoming(next_end, append);
  llvm::Value* goes_on = ir.CreateAnd(ir.CreateICmpULT(next, body.I64(kMaxStrings)),
                                      ir.CreateICmpULT(next_end, body.I64(kLastStart)));
  ir.CreateCondBr(goes_on, loop, done);

  ir.SetInsertPoint(done);
  llvm::PHINode* total = ir.CreatePHI(ir.getInt64Ty(), 2);
  total->addIncoming(end, loop);
  total->addIncoming(next_end, append);
  return total;
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
