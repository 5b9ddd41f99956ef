// tseries(n, interval, count[, merge]): numbers over time, in intervals of the boot clock. The layout is that of
// image::SeriesSlot.
#include <algorithm>
#include <array>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

using image::SeriesMerge;
using image::SeriesSlot;

// A map's value on one CPU has at most 32 KiB.
constexpr int64_t kMaxIntervals = 1024;

constexpr auto kMerges = std::to_array<std::pair<std::string_view, SeriesMerge>>(
    {{"avg", SeriesMerge::kAvg}, {"max", SeriesMerge::kMax}, {"min", SeriesMerge::kMin}, {"sum", SeriesMerge::kSum}});

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the argument of tseries()");
  std::optional<int64_t> interval = checker.CheckLiteral(*syntax.args[1], "the interval");
  std::optional<int64_t> count = checker.CheckLiteral(*syntax.args[2], "the number of intervals");
  if (!interval || !count) return checker.types().Error();
  if (*interval < 1) {
    return checker.Fail(sema::kOutOfRange, syntax.args[1]->span, "the interval must be at least 1 ns");
  }
  if (*count < 1 || *count > kMaxIntervals) {
    return checker.Fail(sema::kOutOfRange, syntax.args[2]->span,
                        fmt::format("the number of intervals must be between 1 and {}", kMaxIntervals));
  }
  SeriesMerge merge = SeriesMerge::kLast;
  if (syntax.args.size() > 3) {
    std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[3], "the aggregation");
    if (!name) return checker.types().Error();
    const auto* found = std::ranges::find(kMerges, *name, &decltype(kMerges)::value_type::first);
    if (found == kMerges.end()) {
      return checker.Fail(sema::kWrongArgument, syntax.args[3]->span, "numbers are merged by avg, max, min or sum");
    }
    merge = found->second;
  }
  if (value->type->IsVague()) return value->type;
  call.data.aggregation = image::Aggregation::kTseries;
  call.data.aggregate_value = checker.types().Int(8, value->type->is_signed);
  call.data.integers = {*interval, *count, static_cast<int64_t>(merge)};
  call.args.push_back(std::move(value));
  return checker.types().Aggregate();
}

// What an interval that has numbers holds once `n` is among them.
llvm::Value* Merged(BodyContext& body, const sema::MapInfo& map, llvm::Value* held, llvm::Value* n) {
  llvm::IRBuilder<>& ir = body.ir();
  bool is_signed = map.value->is_signed;
  switch (map.series_merge) {
    case SeriesMerge::kLast:
      return n;
    case SeriesMerge::kAvg:
    case SeriesMerge::kSum:
      return ir.CreateAdd(held, n);
    case SeriesMerge::kMax:
      return ir.CreateSelect(is_signed ? ir.CreateICmpSGT(n, held) : ir.CreateICmpUGT(n, held), n, held);
    case SeriesMerge::kMin:
      return ir.CreateSelect(is_signed ? ir.CreateICmpSLT(n, held) : ir.CreateICmpULT(n, held), n, held);
  }
  return n;
}

void Update(BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* value) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* n = body.Lower(*call.args[0]);
  llvm::Value* now = body.Helper(BPF_FUNC_ktime_get_boot_ns, {});
  llvm::Value* interval = ir.CreateUDiv(now, body.I64(map.series_interval));
  llvm::Value* index = body.AtMost(ir.CreateURem(interval, body.I64(map.series_count)), map.series_count - 1);
  llvm::Value* slot = body.At(value, ir.CreateMul(index, body.I64(sizeof(SeriesSlot))));
  auto load = [&](uint64_t offset) {
    return ir.CreateAlignedLoad(ir.getInt64Ty(), body.At(slot, offset), llvm::Align(8));
  };
  auto store = [&](uint64_t offset, llvm::Value* stored) {
    ir.CreateAlignedStore(stored, body.At(slot, offset), llvm::Align(8));
  };
  llvm::Value* mark = ir.CreateAdd(interval, body.I64(1));
  llvm::Value* is_held = ir.CreateICmpEQ(load(offsetof(SeriesSlot, interval)), mark);
  llvm::Value* merged = Merged(body, map, load(offsetof(SeriesSlot, value)), n);
  llvm::Value* count = ir.CreateSelect(is_held, load(offsetof(SeriesSlot, extra)), body.I64(0));
  bool is_last = map.series_merge == SeriesMerge::kLast;
  store(offsetof(SeriesSlot, value), ir.CreateSelect(is_held, merged, n));
  store(offsetof(SeriesSlot, extra), is_last ? now : ir.CreateAdd(count, body.I64(1)));
  store(offsetof(SeriesSlot, interval), mark);
}

}  // namespace

const Builtin kTseries{
    .name = "tseries",
    .signature = "tseries_t tseries(int64 n, int64 interval_ns, int64 num_intervals[, const string agg])",
    .summary =
        "Numbers over time, of the last intervals: the last of each, or what agg (avg, max, min, sum) makes of "
        "them.",
    .example = "interval:ms:100 { @ = tseries(rand % 10, 100ms, 20, \"max\"); }",
    .min_args = 3,
    .max_args = 4,
    .check = Check,
    .update = Update};

}  // namespace sonde::builtins
