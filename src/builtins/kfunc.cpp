// Functions of the kernel that BPF programs may call: kfunc_exist(name).
#include "builtins/common.h"
#include "kernel/btf.h"

namespace sonde::builtins {
namespace {

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the name");
  if (!name) return checker.types().Error();
  Result<const kernel::Btf*> btf = checker.kernel().KernelBtf();
  call.data.constant = btf && (*btf)->Find(kernel::BtfKind::kFunc, *name) ? 1 : 0;
  return checker.types().Bool();
}

}  // namespace

const Builtin kKfuncExist{.name = "kfunc_exist",
                          .signature = "bool kfunc_exist(const string name)",
                          .summary = "Whether the kernel's BTF knows a function of this name.",
                          .example = "BEGIN { if (kfunc_exist(\"bpf_task_acquire\")) { print(\"yes\"); } exit(); }",
                          .min_args = 1,
                          .max_args = 1,
                          .check = Check};

}  // namespace sonde::builtins
