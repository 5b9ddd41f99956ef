// kstack, ustack: where the kernel or the process is.
#include <algorithm>
#include <array>

#include "base/suggest.h"
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

using sema::AddressSpace;

constexpr auto kModes = std::to_array<std::string_view>({"bpftrace", "perf", "raw", "build_id"});

bool IsMode(std::string_view name) { return std::ranges::find(kModes, name) != kModes.end(); }

bool CheckMode(Checker& checker, std::string_view mode, Span span, AddressSpace space) {
  if (!IsMode(mode)) {
    std::string nearest = NearestName(std::string(mode), std::vector<std::string>(kModes.begin(), kModes.end()));
    Diagnostic& error = checker.Report(sema::kWrongArgument, span,
                                       fmt::format("'{}' is no stack mode: bpftrace, perf, raw or build_id", mode));
    if (!nearest.empty()) error.Hint(fmt::format("did you mean '{}'?", nearest));
    return false;
  }
  if (mode == "build_id" && space == AddressSpace::kKernel) {
    checker.Report(sema::kWrongArgument, span, "build ids are of programs: the mode build_id is for ustack alone");
    return false;
  }
  return true;
}

// The mode becomes the type's; the limit stands in `integers`.
template <AddressSpace kSpace>
const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::string mode = checker.options().stack_mode;
  if (mode == "build_id" && kSpace == AddressSpace::kKernel) mode = "bpftrace";
  size_t next = 0;
  if (next < syntax.args.size()) {
    const parser::Expr& first = *syntax.args[0];
    const auto* word = std::get_if<parser::Identifier>(&first.node);
    bool is_mode = word != nullptr && (IsMode(word->name) || syntax.args.size() == 2);
    if (is_mode) {
      if (!CheckMode(checker, word->name, first.span, kSpace)) return checker.types().Error();
      mode = word->name;
      ++next;
    } else if (syntax.args.size() == 2) {
      return checker.Fail(sema::kWrongArgument, first.span, "the mode comes first: bpftrace, perf, raw or build_id");
    }
  }
  int64_t limit = image::kMaxStackFrames;
  if (next < syntax.args.size()) {
    const parser::Expr& last = *syntax.args[next];
    std::optional<int64_t> given = checker.CheckLiteral(last, "the number of frames");
    if (!given) return checker.types().Error();
    if (*given < 0 || *given > image::kMaxStackFrames) {
      return checker.Fail(sema::kOutOfRange, last.span,
                          fmt::format("a stack has at most {} frames", image::kMaxStackFrames));
    }
    limit = *given;
  }
  call.data.integers = {limit};
  bool is_user = kSpace == AddressSpace::kUser;
  image::ValueKind kind = is_user ? image::ValueKind::kUserStack : image::ValueKind::kKernelStack;
  return checker.types().Rendered(kind, sizeof(image::StackId), mode);
}

llvm::Value* Lower(BodyContext& body, const sema::Expr& expr, const Call& call) {
  auto limit = static_cast<uint32_t>(call.data.integers.at(0));
  if (limit == 0) return body.I64(image::kNoStack);
  image::StackFrames frames = expr.type->rendering == image::ValueKind::kKernelStack ? image::StackFrames::kKernel
                              : expr.type->format == "build_id"                      ? image::StackFrames::kUserBuildIds
                                                                                     : image::StackFrames::kUser;
  return body.CaptureStack(frames, limit, expr.span);
}

}  // namespace

const Builtin kKstack{.name = "kstack",
                      .form = BuiltinForm::kVariable,
                      .signature = "kstack kstack([mode, ][int limit])",
                      .summary = "The kernel's stack: the functions that led here, innermost first.",
                      .example = "profile:hz:99 { @[kstack(5)] = count(); }",
                      .min_args = 0,
                      .max_args = 2,
                      .check = Check<AddressSpace::kKernel>,
                      .lower = Lower};

const Builtin kUstack{.name = "ustack",
                      .form = BuiltinForm::kVariable,
                      .signature = "ustack ustack([mode, ][int limit])",
                      .summary = "The process' stack, by frame pointers: the functions that led here, innermost first.",
                      .example = "profile:hz:99 /pid == 1/ { @[ustack(perf, 5)] = count(); }",
                      .min_args = 0,
                      .max_args = 2,
                      .check = Check<AddressSpace::kUser>,
                      .lower = Lower};

}  // namespace sonde::builtins
