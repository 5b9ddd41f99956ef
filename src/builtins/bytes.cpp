// Bytes as they lie: bswap(n), memcmp(a, b, n), strncmp(a, b, n).
#include <algorithm>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

uint64_t Swapped(uint64_t bits, uint32_t bytes) { return __builtin_bswap64(bits) >> (64 - bytes * 8); }

const Type* CheckSwap(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the argument of bswap()");
  const Type* type = value->type;
  if (type->IsVague()) return type;
  const Type* result = checker.types().Int(type->size, false);
  if (const sema::Constant* constant = value->AsConstant()) {
    call.data.constant = Swapped(constant->bits, type->size);
    return result;
  }
  call.args.push_back(std::move(value));
  return result;
}

llvm::Value* LowerSwap(BodyContext& body, const sema::Expr& expr, const Call& call) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* value = body.Lower(*call.args[0]);
  uint32_t bytes = expr.type->size;
  if (bytes == 1) return ir.CreateAnd(value, body.I64(0xff));
  llvm::Value* narrow = ir.CreateTrunc(value, ir.getIntNTy(bytes * 8));
  llvm::Value* swapped = ir.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, narrow);
  return ir.CreateZExt(swapped, ir.getInt64Ty());
}

// --- comparison of `count` bytes

bool IsByte(const Type* type) { return type != nullptr && type->IsInteger() && type->size == 1; }

// What lies in memory as it is.
bool HasBytes(const Type& type) { return type.IsString() || type.IsArray() || type.IsStruct() || type.IsTuple(); }

bool IsText(const Type& type) {
  return type.IsString() || (type.IsArray() && IsByte(type.element)) || (type.IsPointer() && IsByte(type.element));
}

// The two sides and the count; `integers` gets the most bytes that are compared.
const Type* CheckCompared(Checker& checker, const parser::Call& syntax, Call& call, std::string_view wanted,
                          bool (*fits)(const Type& type)) {
  uint64_t limit = checker.options().max_strlen;
  bool is_vague = false;
  for (size_t i = 0; i < 2; ++i) {
    sema::ExprPtr side = checker.Check(*syntax.args[i]);
    const Type* type = side->type;
    is_vague = is_vague || type->IsVague();
    if (!type->IsVague() && !fits(*type)) {
      return checker.Fail(sema::kWrongArgument, syntax.args[i]->span,
                          fmt::format("{}() takes {}, but this is {}", syntax.name, wanted, sema::Name(*type)));
    }
    if (!type->IsPointer()) limit = std::min<uint64_t>(limit, type->size);
    call.args.push_back(std::move(side));
  }
  sema::ExprPtr count = checker.CheckInteger(*syntax.args[2], "the count");
  if (is_vague || count->type->IsVague()) return checker.types().Error();
  if (const sema::Constant* constant = count->AsConstant()) {
    if (count->type->is_signed && static_cast<int64_t>(constant->bits) < 0) {
      return checker.Fail(sema::kOutOfRange, syntax.args[2]->span, "the count must not be negative");
    }
    limit = std::min(limit, constant->bits);
  } else {
    call.args.push_back(checker.Coerce(std::move(count), checker.types().Uint64(), "the count"));
  }
  call.data.integers = {static_cast<int64_t>(limit)};
  return checker.types().Int64();
}

const Type* CheckMemcmp(Checker& checker, const parser::Call& syntax, Call& call) {
  return CheckCompared(checker, syntax, call, "values in memory or pointers",
                       [](const Type& type) { return HasBytes(type) || type.IsPointer(); });
}

const Type* CheckStrncmp(Checker& checker, const parser::Call& syntax, Call& call) {
  return CheckCompared(checker, syntax, call, "texts", IsText);
}

// Where the bytes of a side can be loaded from.
llvm::Value* Place(BodyContext& body, const sema::Expr& side, uint32_t bytes, bool is_text) {
  const Type& type = *side.type;
  if (type.IsPointer()) {
    llvm::Value* copy = body.Temporary(bytes + 1);
    llvm::Value* address = body.Lower(side);
    if (is_text) {
      body.ir().CreateStore(body.ir().getInt8(0), copy);
      body.ReadString(copy, body.I64(bytes + 1), address, type.space);
    } else {
      body.ReadMemory(copy, bytes, address, type.space);
    }
    return copy;
  }
  if (!std::holds_alternative<sema::Member>(side.node)) return body.LowerAddress(side);
  llvm::Value* copy = body.Temporary(type.size);
  body.LowerInto(side, type, copy);
  return copy;
}

// Byte by byte up to the first difference (and of texts up to the NUL): a loop that the verifier can bound.
llvm::Value* LowerCompared(BodyContext& body, const Call& call, bool is_text) {
  llvm::IRBuilder<>& ir = body.ir();
  auto limit = static_cast<uint32_t>(call.data.integers[0]);
  if (limit == 0) return body.I64(0);
  llvm::Value* left = Place(body, *call.args[0], limit, is_text);
  llvm::Value* right = Place(body, *call.args[1], limit, is_text);
  llvm::Value* count = call.args.size() > 2 ? body.Lower(*call.args[2]) : nullptr;
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::BasicBlock* loop = body.NewBlock("compare");
  llvm::BasicBlock* load = body.NewBlock("compare_byte");
  llvm::BasicBlock* next = body.NewBlock("next_byte");
  llvm::BasicBlock* done = body.NewBlock("compared");
  ir.CreateBr(loop);
  ir.SetInsertPoint(loop);
  llvm::PHINode* index = ir.CreatePHI(ir.getInt64Ty(), 2);
  index->addIncoming(body.I64(0), before);
  llvm::Value* is_inside = ir.CreateICmpULT(index, body.I64(limit));
  if (count != nullptr) {
    llvm::BasicBlock* counted = body.NewBlock("counted");
    ir.CreateCondBr(is_inside, counted, done);
    ir.SetInsertPoint(counted);
    ir.CreateCondBr(ir.CreateICmpULT(index, count), load, done);
  } else {
    ir.CreateCondBr(is_inside, load, done);
  }
  llvm::BasicBlock* last_test = ir.GetInsertBlock();
  ir.SetInsertPoint(load);
  llvm::Value* x = ir.CreateZExt(ir.CreateLoad(ir.getInt8Ty(), body.At(left, index)), ir.getInt64Ty());
  llvm::Value* y = ir.CreateZExt(ir.CreateLoad(ir.getInt8Ty(), body.At(right, index)), ir.getInt64Ty());
  llvm::Value* difference = ir.CreateSub(x, y);
  llvm::Value* goes_on = ir.CreateICmpEQ(x, y);
  if (is_text) goes_on = ir.CreateAnd(goes_on, ir.CreateICmpNE(x, body.I64(0)));
  ir.CreateCondBr(goes_on, next, done);
  ir.SetInsertPoint(next);
  index->addIncoming(ir.CreateAdd(index, body.I64(1)), next);
  ir.CreateBr(loop);
  ir.SetInsertPoint(done);
  llvm::PHINode* result = ir.CreatePHI(ir.getInt64Ty(), 3);
  result->addIncoming(body.I64(0), loop);
  if (last_test != loop) result->addIncoming(body.I64(0), last_test);
  result->addIncoming(difference, load);
  return result;
}

}  // namespace

const Builtin kBswap{.name = "bswap",
                     .signature = "uintN bswap(uintN n)",
                     .summary = "The same integer with its bytes in reverse order.",
                     .example = "BEGIN { printf(\"%x\\n\", bswap((uint16)0x1234)); exit(); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckSwap,
                     .lower = LowerSwap};

const Builtin kMemcmp{
    .name = "memcmp",
    .signature = "int64 memcmp(left, right, uint64 count)",
    .summary =
        "0 when the first `count` bytes of two values, or behind two pointers, are the same; else negative when "
        "the first that differs is smaller on the left. Compares no further than the smaller value reaches.",
    .example = "BEGIN { if (memcmp(\"abc\", \"abd\", 2) == 0) { print(\"alike\"); } exit(); }",
    .min_args = 3,
    .max_args = 3,
    .check = CheckMemcmp,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) {
      // What lies behind the NULs of two texts means nothing.
      bool are_texts = call.args[0]->type->IsString() && call.args[1]->type->IsString();
      return LowerCompared(body, call, are_texts);
    }};

const Builtin kStrncmp{
    .name = "strncmp",
    .signature = "int64 strncmp(string s1, string s2, int64 n)",
    .summary = "0 when two texts begin with the same `n` bytes, or are the same; `==` compares whole texts.",
    .example = "BEGIN { if (strncmp(comm, \"sonde\", 3) == 0) { print(comm); } exit(); }",
    .min_args = 3,
    .max_args = 3,
    .check = CheckStrncmp,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return LowerCompared(body, call, true); }};

}  // namespace sonde::builtins
