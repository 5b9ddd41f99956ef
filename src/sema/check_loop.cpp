// Loops: while, for over ranges and maps, unroll; break and continue.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

constexpr uint64_t kMaxUnroll = 100;
// Each nested loop is a call, and the kernel allows eight (MAX_CALL_FRAMES): the program, a body that it shares, and
// what wakes the reader take three.
constexpr uint32_t kMaxNestedLoops = 5;

// A loop around what is checked while this lives; its variable, if any, is in a scope of its own.
class InsideLoop {
 public:
  InsideLoop(Checker& checker, Span span) : scope_(checker.scope()) {
    ++scope_.loops;
    ++scope_.breakable;
    scope_.body->has_loops = true;
    scope_.scopes.emplace_back();
    if (scope_.loops != kMaxNestedLoops + 1) return;
    checker.Report(kOutOfRange, span, fmt::format("loops can be nested {} deep", kMaxNestedLoops))
        .Hint("unroll does not count");
  }
  InsideLoop(const InsideLoop&) = delete;
  InsideLoop& operator=(const InsideLoop&) = delete;
  ~InsideLoop() {
    --scope_.loops;
    --scope_.breakable;
    scope_.scopes.pop_back();
  }

 private:
  BodyScope& scope_;
};

ExprPtr CheckBound(Checker& checker, const parser::Expr& expr, std::string_view what) {
  ExprPtr bound = checker.CheckInteger(expr, what);
  return checker.Coerce(std::move(bound), checker.types().Int64(), what);
}

void WarnAboutLength(Checker& checker, const ForRange& loop, Span span) {
  const Constant* start = loop.start->AsConstant();
  const Constant* end = loop.end->AsConstant();
  if (start == nullptr || end == nullptr) return;
  bool is_empty = static_cast<int64_t>(end->bits) <= static_cast<int64_t>(start->bits);
  if (is_empty || end->bits - start->bits <= image::kMaxLoopRounds) return;
  checker.diagnostics()
      .Warning(kLongLoop, span, fmt::format("the kernel ends a loop after {} rounds", image::kMaxLoopRounds))
      .Hint("put a second loop around it");
}

// The type of the loop's variable; the error type where the map has no elements to go over, or is not known yet.
const Type* ElementType(Checker& checker, uint32_t map, Span span) {
  const MapInfo& info = checker.program().maps[map];
  if (info.is_keyless) {
    checker.Report(kBadMapUse, span, fmt::format("{} has no keys to go over", info.name)).Note(info.span, "used here");
    return checker.types().Error();
  }
  if (info.aggregation >= image::Aggregation::kStats) {
    checker.Report(kBadMapUse, span, fmt::format("{} holds distributions, which have no single value", info.name))
        .Hint("print(" + info.name + ") shows them");
    return checker.types().Error();
  }
  if (info.key == nullptr || info.value->IsVague()) return checker.types().Error();
  return checker.types().Tuple({info.key, info.value});
}

}  // namespace

bool Checker::RequireLoop(std::string_view statement, Span span) {
  if (scope_.breakable != 0) return true;
  Report(kOutsideLoop, span, fmt::format("there is no loop to {} here", statement == "break" ? "break" : "continue"))
      .Hint("return leaves the probe");
  return false;
}

void Checker::CheckUnroll(const parser::Unroll& node, Span span, Statements& out) {
  ExprPtr count = Check(*node.count);
  Unroll made;
  ++scope_.breakable;
  CheckBlock(*node.body, made.body);
  --scope_.breakable;
  if (count->type->IsVague()) return;
  const Constant* constant = count->AsConstant();
  if (constant == nullptr || !(count->type->IsInteger() || count->type->kind == TypeKind::kEnum)) {
    Report(kNotConstant, node.count->span, "the number of repetitions must be a literal integer")
        .Hint("for ($i : 0..n) { … } repeats a number of times that is not known before");
    return;
  }
  if (constant->bits < 1 || constant->bits > kMaxUnroll) {
    Report(kOutOfRange, node.count->span, fmt::format("unroll takes 1 to {}", kMaxUnroll));
    return;
  }
  made.count = constant->bits;
  out.push_back(MakeStmt(span, std::move(made)));
}

void Checker::CheckWhile(const parser::While& node, Span span, Statements& out) {
  InsideLoop inside(*this, span);
  While made{.condition = CheckCondition(*node.condition)};
  CheckBlock(*node.body, made.body);
  out.push_back(MakeStmt(span, std::move(made)));
}

void Checker::CheckForRange(const parser::ForRange& node, Span span, Statements& out) {
  ForRange made{.start = CheckBound(*this, *node.start, "the start"), .end = CheckBound(*this, *node.end, "the end")};
  WarnAboutLength(*this, made, span);
  InsideLoop inside(*this, span);
  made.variable = DeclareVariable(node.variable, &node, types().Int64());
  CheckBlock(*node.body, made.body);
  out.push_back(MakeStmt(span, std::move(made)));
}

void Checker::CheckForMap(const parser::ForMap& node, Span span, Statements& out) {
  std::optional<uint32_t> map = CheckWholeMap(*node.map, "for");
  const Type* type = map ? ElementType(*this, *map, node.map->span) : types().Error();
  InsideLoop inside(*this, span);
  ForMap made{.variable = DeclareVariable(node.variable, &node, type), .map = map.value_or(0)};
  CheckBlock(*node.body, made.body);
  out.push_back(MakeStmt(span, std::move(made)));
}

}  // namespace sonde::sema
