// What is done to maps: delete, has_key, clear, zero, len.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// `f(@m[k])`, `f(@m, k)`, and for keyless maps `f(@m)`; the element becomes the call's one argument.
const Type* CheckElement(Checker& checker, const parser::Call& syntax, Call& call, const Type* result) {
  const auto* access = std::get_if<parser::MapAccess>(&syntax.args[0]->node);
  if (access == nullptr) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span, fmt::format("{}() takes a map", syntax.name));
  }
  if (access->has_brackets && syntax.args.size() > 1) {
    return checker.Fail(sema::kWrongArgument, syntax.args[1]->span,
                        fmt::format("{}() takes the key in brackets or apart, not both", syntax.name));
  }
  std::optional<sema::MapRef> ref;
  if (syntax.args.size() > 1) {
    // A tuple given apart is the same key as several in brackets.
    std::vector<const parser::Expr*> keys{syntax.args[1].get()};
    const auto* tuple = std::get_if<parser::Tuple>(&syntax.args[1]->node);
    if (tuple != nullptr && tuple->elements.size() > 1) {
      keys.clear();
      for (const parser::ExprPtr& element : tuple->elements) keys.push_back(element.get());
    }
    ref = checker.CheckMapElement(*access, keys, syntax.args[0]->span);
  } else {
    ref = checker.CheckMapElement(*access, syntax.args[0]->span);
  }
  if (!ref || !checker.RequireAssigned(ref->map, syntax.args[0]->span)) return checker.types().Error();
  const Type* type = checker.program().maps[ref->map].value;
  call.args.push_back(checker.Make(syntax.args[0]->span, type, sema::MapRead{std::move(*ref)}));
  return result;
}

const sema::MapRef& Element(const Call& call) { return std::get<sema::MapRead>(call.args[0]->node).ref; }

template <image::EventKind kind>
const Type* CheckWhole(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<uint32_t> map = checker.CheckWholeMap(*syntax.args[0], fmt::format("{}()", syntax.name));
  if (!map) return checker.types().Error();
  call.data.event = checker.AddEvent({.kind = kind, .span = syntax.name_span, .function = syntax.name, .map = *map});
  return checker.types().Void();
}

bool IsStack(const Type& type) {
  return type.kind == sema::TypeKind::kRendered &&
         (type.rendering == image::ValueKind::kKernelStack || type.rendering == image::ValueKind::kUserStack);
}

const Type* CheckStackLength(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr value = checker.Check(*syntax.args[0]);
  if (value->type->IsVague()) return value->type;
  if (!IsStack(*value->type)) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("len() takes a map or a stack, but this is {}", sema::Name(*value->type)));
  }
  call.args.push_back(std::move(value));
  return checker.types().Int64();
}

const Type* CheckLength(Checker& checker, const parser::Call& syntax, Call& call) {
  const auto* access = std::get_if<parser::MapAccess>(&syntax.args[0]->node);
  if (access == nullptr || access->has_brackets) return CheckStackLength(checker, syntax, call);
  std::optional<uint32_t> map = checker.CheckWholeMap(*syntax.args[0], "len()");
  if (!map || !checker.RequireAssigned(*map, syntax.args[0]->span)) return checker.types().Error();
  const sema::MapInfo& info = checker.program().maps[*map];
  if (info.is_keyless && IsStack(*info.value)) return CheckStackLength(checker, syntax, call);
  if (info.is_keyless && !info.value->IsVague()) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span, fmt::format("{} has no keys", info.name));
  }
  call.data.map = *map;
  return checker.types().Int64();
}

// Whole maps are cleared by the runtime, in the order of the records around it.
llvm::Value* SendOnly(BodyContext& body, const sema::Expr& expr, const Call& call) {
  body.SendRecord(call.data.event, {}, expr.span);
  return nullptr;
}

}  // namespace

const Builtin kDelete{
    .name = "delete",
    .signature = "bool delete(map m, key k)",
    .summary = "Deletes one key of a map, and tells whether it was there; delete(@m[k]) does the same.",
    .example =
        "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read { "
        "delete(@start, tid); }",
    .min_args = 1,
    .max_args = 2,
    .has_effect = true,
    .check = [](Checker& checker, const parser::Call& syntax, Call& call) -> const Type* {
      const Type* type = CheckElement(checker, syntax, call, checker.types().Bool());
      if (!call.args.empty()) checker.program().maps[Element(call).map].has_deletes = true;
      return type;
    },
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.DeleteElement(Element(call)); }};

const Builtin kHasKey{.name = "has_key",
                      .signature = "bool has_key(map m, key k)",
                      .summary = "Whether a map has a key, whatever its value.",
                      .example =
                          "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } "
                          "tracepoint:syscalls:sys_exit_read { if (has_key(@start, tid)) { @ = count(); } }",
                      .min_args = 1,
                      .max_args = 2,
                      .check =
                          [](Checker& checker, const parser::Call& syntax, Call& call) {
                            const Type* type = CheckElement(checker, syntax, call, checker.types().Bool());
                            if (type->IsVague() || Element(call).key != nullptr) return type;
                            return checker.Fail(sema::kBadMapUse, syntax.args[0]->span,
                                                "has_key() asks for a key of a map that has keys");
                          },
                      .lower = [](BodyContext& body, const sema::Expr&, const Call& call) -> llvm::Value* {
                        return body.HasKey(Element(call));
                      }};

const Builtin kClear{
    .name = "clear",
    .signature = "void clear(map m)",
    .summary = "Deletes every key of a map.",
    .example = "interval:s:1 { print(@); clear(@); } tracepoint:syscalls:sys_enter_openat { @[comm] = count(); }",
    .min_args = 1,
    .max_args = 1,
    .has_effect = true,
    .check = CheckWhole<image::EventKind::kClearMap>,
    .lower = SendOnly};

const Builtin kZero{
    .name = "zero",
    .signature = "void zero(map m)",
    .summary = "Sets every value of a map to zero and keeps the keys.",
    .example = "tracepoint:syscalls:sys_enter_openat { @[comm] = count(); } interval:s:1 { print(@); zero(@); }",
    .min_args = 1,
    .max_args = 1,
    .has_effect = true,
    .check = CheckWhole<image::EventKind::kZeroMap>,
    .lower = SendOnly};

const Builtin kLen{.name = "len",
                   .signature = "int64 len(map m) or len(stack)",
                   .summary = "How many keys a map has, or how many frames a stack.",
                   .example =
                       "tracepoint:syscalls:sys_enter_openat { @start[tid] = nsecs; }\n"
                       "interval:s:1 { print(len(@start)); exit(); }",
                   .min_args = 1,
                   .max_args = 1,
                   .check = CheckLength,
                   .lower = [](BodyContext& body, const sema::Expr&, const Call& call) -> llvm::Value* {
                     if (call.args.empty()) return body.MapLength(call.data.map);
                     return body.ir().CreateAnd(body.Lower(*call.args[0]), body.I64(image::kStackCountMask));
                   }};

}  // namespace sonde::builtins
