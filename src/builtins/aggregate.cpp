// Aggregations that end as numbers: count, sum, avg, min, max, stats. Value layouts are those of image/image.h.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

void AddAtomically(BodyContext& body, llvm::Value* place, llvm::Value* amount) {
  body.ir().CreateAtomicRMW(llvm::AtomicRMWInst::Add, place, amount, llvm::MaybeAlign(8),
                            llvm::AtomicOrdering::Monotonic);
}

const Type* CheckCount(Checker& checker, const parser::Call&, Call& call) {
  call.data.aggregation = image::Aggregation::kCount;
  call.data.aggregate_value = checker.types().Int64();
  return checker.types().Aggregate();
}

template <image::Aggregation aggregation>
const Type* CheckOf(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], fmt::format("the argument of {}()", syntax.name));
  if (value->type->IsVague()) return value->type;
  call.data.aggregation = aggregation;
  call.data.aggregate_value = checker.types().Int(8, value->type->is_signed);
  call.args.push_back(std::move(value));
  return checker.types().Aggregate();
}

// {total, count}
void UpdateTotal(BodyContext& body, const Call& call, const sema::MapInfo&, llvm::Value* value) {
  AddAtomically(body, value, body.Lower(*call.args[0]));
  AddAtomically(body, body.At(value, 8), body.I64(1));
}

// {value, is_set}: replaces the value when it is not set or when `n` goes before it.
void UpdateExtreme(BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* value, bool is_min) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* n = body.Lower(*call.args[0]);
  llvm::Value* known = ir.CreateAlignedLoad(ir.getInt64Ty(), value, llvm::Align(8));
  llvm::Value* is_set = ir.CreateAlignedLoad(ir.getInt64Ty(), body.At(value, 8), llvm::Align(8));
  bool is_signed = map.value->is_signed;  // of all its calls together
  llvm::Value* first = is_min ? n : known;
  llvm::Value* second = is_min ? known : n;
  llvm::Value* before = is_signed ? ir.CreateICmpSLT(first, second) : ir.CreateICmpULT(first, second);
  llvm::Value* replaces = ir.CreateOr(ir.CreateICmpEQ(is_set, body.I64(0)), before);
  ir.CreateAlignedStore(ir.CreateSelect(replaces, n, known), value, llvm::Align(8));
  ir.CreateAlignedStore(body.I64(1), body.At(value, 8), llvm::Align(8));
}

}  // namespace

const Builtin kCount{.name = "count",
                     .signature = "count_t count()",
                     .summary = "Counts how often it is reached; exact on any number of CPUs.",
                     .example = "tracepoint:syscalls:sys_enter_openat { @[comm] = count(); }",
                     .check = CheckCount,
                     .update = [](BodyContext& body, const Call&, const sema::MapInfo&, llvm::Value* value) {
                       AddAtomically(body, value, body.I64(1));
                     }};

const Builtin kSum{.name = "sum",
                   .signature = "sum_t sum(int64 n)",
                   .summary = "Adds its arguments up; exact on any number of CPUs.",
                   .example = "tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = sum(args.ret); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckOf<image::Aggregation::kSum>,
                   .update = [](BodyContext& body, const Call& call, const sema::MapInfo&, llvm::Value* value) {
                     AddAtomically(body, value, body.Lower(*call.args[0]));
                   }};

const Builtin kAvg{.name = "avg",
                   .signature = "avg_t avg(int64 n)",
                   .summary = "The average of its arguments.",
                   .example = "tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = avg(args.ret); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckOf<image::Aggregation::kAvg>,
                   .update = UpdateTotal};

const Builtin kStats{.name = "stats",
                     .signature = "stats_t stats(int64 n)",
                     .summary = "Count, average and total of its arguments.",
                     .example = "tracepoint:syscalls:sys_exit_read { @bytes[comm] = stats(args.ret); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckOf<image::Aggregation::kStats>,
                     .update = UpdateTotal};

const Builtin kMin{.name = "min",
                   .signature = "min_t min(int64 n)",
                   .summary = "The smallest of its arguments.",
                   .example = "tracepoint:syscalls:sys_exit_read { @smallest[comm] = min(args.ret); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckOf<image::Aggregation::kMin>,
                   .update = [](BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* value) {
                     UpdateExtreme(body, call, map, value, true);
                   }};

const Builtin kMax{.name = "max",
                   .signature = "max_t max(int64 n)",
                   .summary = "The largest of its arguments.",
                   .example = "tracepoint:syscalls:sys_exit_read { @largest[comm] = max(args.ret); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckOf<image::Aggregation::kMax>,
                   .update = [](BodyContext& body, const Call& call, const sema::MapInfo& map, llvm::Value* value) {
                     UpdateExtreme(body, call, map, value, false);
                   }};

}  // namespace sonde::builtins
