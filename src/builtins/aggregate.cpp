// Aggregations that are one number: count, sum.
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

const Type* CheckSum(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.CheckInteger(*syntax.args[0], "the argument of sum()");
  if (value->type->IsVague()) return value->type;
  call.data.aggregation = image::Aggregation::kSum;
  call.data.aggregate_value = checker.types().Int(8, value->type->is_signed);
  call.args.push_back(std::move(value));
  return checker.types().Aggregate();
}

}  // namespace

const Builtin kCount{.name = "count",
                     .signature = "count_t count()",
                     .summary = "Counts how often it is reached; exact on any number of CPUs.",
                     .check = CheckCount,
                     .update = [](BodyContext& body, const Call&, const sema::MapInfo&, llvm::Value* value) {
                       AddAtomically(body, value, body.I64(1));
                     }};

const Builtin kSum{.name = "sum",
                   .signature = "sum_t sum(int64 n)",
                   .summary = "Adds its arguments up; exact on any number of CPUs.",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckSum,
                   .update = [](BodyContext& body, const Call& call, const sema::MapInfo&, llvm::Value* value) {
                     AddAtomically(body, value, body.Lower(*call.args[0]));
                   }};

}  // namespace sonde::builtins
