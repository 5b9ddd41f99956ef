// Histograms: hist by powers of two, lhist by equal steps. Bucket numbers are those of image/abi.h.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr int64_t kMaxHistBits = 5;
constexpr int64_t kMaxLhistBuckets = 1000;

const Type* CheckHist(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the argument of hist()");
  int64_t bits = 0;
  if (syntax.args.size() > 1) {
    std::optional<int64_t> given = checker.CheckLiteral(*syntax.args[1], "the number of bits");
    if (!given) return checker.types().Error();
    if (*given < 0 || *given > kMaxHistBits) {
      return checker.Fail(sema::kOutOfRange, syntax.args[1]->span,
                          fmt::format("the number of bits must be between 0 and {}", kMaxHistBits));
    }
    bits = *given;
  }
  if (value->type->IsVague()) return value->type;
  call.data.aggregation = image::Aggregation::kHist;
  call.data.aggregate_value = checker.types().Int(8, value->type->is_signed);
  call.data.integers = {bits};
  call.args.push_back(std::move(value));
  return checker.types().Aggregate();
}

// floor(log2 n) for n > 0, by halving: six steps without a branch.
llvm::Value* Log2(BodyContext& body, llvm::Value* n) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* log = body.I64(0);
  for (uint64_t shift : {32U, 16U, 8U, 4U, 2U, 1U}) {
    llvm::Value* has_high = ir.CreateICmpUGE(n, body.I64(uint64_t{1} << shift));
    llvm::Value* step = ir.CreateSelect(has_high, body.I64(shift), body.I64(0));
    n = ir.CreateLShr(n, step);
    log = ir.CreateAdd(log, step);
  }
  return log;
}

void Increment(BodyContext& body, llvm::Value* buckets, llvm::Value* bucket, uint32_t count) {
  llvm::Value* index = body.AtMost(bucket, count - 1);
  llvm::Value* place = body.At(buckets, body.ir().CreateShl(index, body.I64(3)));
  body.ir().CreateAtomicRMW(llvm::AtomicRMWInst::Add, place, body.I64(1), llvm::MaybeAlign(8),
                            llvm::AtomicOrdering::Monotonic);
}

void UpdateHist(BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* buckets) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* n = body.Lower(*call.args[0]);
  uint64_t bits = map.hist_bits;
  uint64_t linear = uint64_t{1} << bits;
  llvm::Value* log = Log2(body, n);
  llvm::Value* bucket = nullptr;
  if (bits == 0) {
    bucket = ir.CreateAdd(log, body.I64(2));
  } else {
    llvm::Value* above = ir.CreateAnd(ir.CreateSub(log, body.I64(bits)), body.I64(63));
    llvm::Value* fraction = ir.CreateAnd(ir.CreateLShr(n, above), body.I64(linear - 1));
    bucket = ir.CreateAdd(ir.CreateAdd(ir.CreateShl(above, body.I64(bits)), fraction), body.I64(1 + linear));
  }
  llvm::Value* is_small = ir.CreateICmpULT(n, body.I64(linear));
  bucket = ir.CreateSelect(is_small, ir.CreateAdd(n, body.I64(1)), bucket);
  if (call.args[0]->type->is_signed) {
    bucket = ir.CreateSelect(ir.CreateICmpSLT(n, body.I64(0)), body.I64(0), bucket);
  }
  Increment(body, buckets, bucket, image::HistBucketCount(map.hist_bits));
}

const Type* CheckLhist(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the argument of lhist()");
  std::optional<int64_t> min = checker.CheckLiteral(*syntax.args[1], "the minimum");
  std::optional<int64_t> max = checker.CheckLiteral(*syntax.args[2], "the maximum");
  std::optional<int64_t> step = checker.CheckLiteral(*syntax.args[3], "the step");
  if (!min || !max || !step) return checker.types().Error();
  if (*step < 1) return checker.Fail(sema::kOutOfRange, syntax.args[3]->span, "the step must be at least 1");
  if (*min >= *max)
    return checker.Fail(sema::kOutOfRange, syntax.args[2]->span, "the maximum must be above the minimum");
  if ((static_cast<uint64_t>(*max) - static_cast<uint64_t>(*min)) / static_cast<uint64_t>(*step) > kMaxLhistBuckets) {
    return checker.Fail(sema::kOutOfRange, syntax.args[3]->span,
                        fmt::format("that makes more than {} buckets; take a larger step", kMaxLhistBuckets));
  }
  if (value->type->IsVague()) return value->type;
  call.data.aggregation = image::Aggregation::kLhist;
  call.data.aggregate_value = checker.types().Int(8, value->type->is_signed);
  call.data.integers = {*min, *max, *step};
  call.args.push_back(std::move(value));
  return checker.types().Aggregate();
}

void UpdateLhist(BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* buckets) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* n = body.Lower(*call.args[0]);
  bool is_signed = call.args[0]->type->is_signed;
  uint32_t count = image::LhistBucketCount(map.lhist_min, map.lhist_max, map.lhist_step);
  auto constant = [&](int64_t value) { return body.I64(static_cast<uint64_t>(value)); };
  llvm::Value* from_min = ir.CreateSub(n, constant(map.lhist_min));
  llvm::Value* bucket = ir.CreateAdd(ir.CreateUDiv(from_min, constant(map.lhist_step)), body.I64(1));
  auto less = [&](int64_t limit) {
    if (is_signed) return ir.CreateICmpSLT(n, constant(limit));
    return limit < 0 ? static_cast<llvm::Value*>(ir.getInt1(false)) : ir.CreateICmpULT(n, constant(limit));
  };
  bucket = ir.CreateSelect(less(map.lhist_max), bucket, body.I64(count - 1));
  bucket = ir.CreateSelect(less(map.lhist_min), body.I64(0), bucket);
  Increment(body, buckets, bucket, count);
}

}  // namespace

const Builtin kHist{.name = "hist",
                    .signature = "hist_t hist(int64 n[, int k])",
                    .summary = "A histogram by powers of two, each cut into 2^k steps (k from 0 to 5).",
                    .example = "tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes = hist(args.ret); }",
                    .min_args = 1,
                    .max_args = 2,
                    .check = CheckHist,
                    .update = UpdateHist};

const Builtin kLhist{.name = "lhist",
                     .signature = "lhist_t lhist(int64 n, int64 min, int64 max, int64 step)",
                     .summary = "A histogram by equal steps between two limits.",
                     .example = "tracepoint:syscalls:sys_exit_read { @bytes = lhist(args.ret, 0, 10000, 1000); }",
                     .min_args = 4,
                     .max_args = 4,
                     .check = CheckLhist,
                     .update = UpdateLhist};

}  // namespace sonde::builtins
