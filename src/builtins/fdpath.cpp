// fdpath(fd): what is behind a descriptor of a task, as readlink of /proc/self/fd/N tells it, and of a socket its addresses;
// path(p): the same of a struct path. (The kernel's own bpf_d_path serves a few functions alone.) How it is found:
// codegen/fd_path.cpp.
#include "builtins/common.h"
#include "builtins/fd_path_fields.h"
#include "codegen/fd_path.h"
#include "kernel/btf.h"

namespace sonde::builtins {

bool FindFdPathFields(Checker& checker, const parser::Call& syntax, Call& call) {
  Result<const kernel::Btf*> btf = checker.kernel().KernelBtf();
  if (!btf) {
    checker.Report(sema::kSystem, syntax.name_span, btf.error().Message());
    return false;
  }
  for (const codegen::FdPathPlace& place : codegen::FdPathFields()) {
    std::optional<kernel::BtfId> structure = (*btf)->Find(kernel::BtfKind::kStruct, place.structure);
    auto field = structure ? (*btf)->FindField(*structure, place.path) : std::nullopt;
    if (!field && !place.is_optional) {
      checker.Report(sema::kSystem, syntax.name_span,
                     fmt::format("{}() needs {}.{}, which this kernel's type information does not have", syntax.name,
                                 place.structure, place.path));
      return false;
    }
    call.data.integers.push_back(field ? field->bit_offset / 8 : codegen::kNoFdPathField);
  }
  return true;
}

namespace {

using Space = codegen::KernelTextSpace;

const Type* CheckFdpath(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr fd = checker.CheckInteger(*syntax.args[0], "the descriptor");
  if (fd->type->IsVague()) return fd->type;
  call.args.push_back(std::move(fd));
  if (syntax.args.size() > 1) {
    sema::ExprPtr task = checker.Check(*syntax.args[1]);
    if (task->type->IsVague()) return task->type;
    const bool is_task =
        task->type->IsPointer() && task->type->element != nullptr && task->type->element->name == "struct task_struct";
    if (!is_task) {
      return checker.Fail(sema::kWrongArgument, syntax.args[1]->span,
                          fmt::format("a task is a struct task_struct *, but this is {}", sema::Name(*task->type)));
    }
    call.args.push_back(std::move(task));
  }
  if (!FindFdPathFields(checker, syntax, call)) return checker.types().Error();
  return checker.types().String(Space::kPathBytes);
}

const Type* CheckPath(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr path = checker.Check(*syntax.args[0]);
  if (path->type->IsVague()) return path->type;
  const bool is_path = path->type->IsPointer() && path->type->element != nullptr &&
                       path->type->element->name == "struct path" &&
                       path->type->space != sema::AddressSpace::kUser;
  if (!is_path) {
    checker
        .Report(sema::kWrongArgument, syntax.args[0]->span,
                fmt::format("path() takes a struct path * of the kernel, but this is {}", sema::Name(*path->type)))
        .Hint("path(&curtask.mm.exe_file.f_path); fdpath(fd) takes a descriptor");
    return checker.types().Error();
  }
  auto bytes = static_cast<int64_t>(std::min<uint64_t>(checker.options().max_strlen, Space::kPathBytes));
  if (syntax.args.size() > 1) {
    std::optional<int64_t> wanted = checker.CheckLiteral(*syntax.args[1], "the size");
    if (!wanted) return checker.types().Error();
    if (*wanted < 1 || *wanted > Space::kPathBytes) {
      return checker.Fail(sema::kWrongArgument, syntax.args[1]->span,
                          fmt::format("a path takes from 1 to {} bytes", Space::kPathBytes));
    }
    bytes = *wanted;
  }
  if (!FindFdPathFields(checker, syntax, call)) return checker.types().Error();
  call.args.push_back(std::move(path));
  return checker.types().String(static_cast<uint32_t>(bytes));
}

// What a subprogram left in the work space; its end, where it is longer than its type.
llvm::Value* WriteText(BodyContext& body, const sema::Type& type, llvm::Value* work, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  auto load = [&](uint64_t offset) {
    return ir.CreateAlignedLoad(ir.getInt64Ty(), body.At(work, offset), llvm::Align(8), /*isVolatile=*/true);
  };
  llvm::Value* end = body.AtMost(load(Space::kEnd), Space::kTextRoom - 1);
  llvm::Value* length = body.AtMost(ir.CreateSub(end, load(Space::kStart)), type.size - 1);
  llvm::Value* start = body.AtMost(ir.CreateSub(end, length), Space::kTextRoom - 1);
  // The NUL stands behind the text, where nothing else was written.
  ir.CreateStore(ir.getInt8(0), body.At(body.At(work, Space::kText), end));
  llvm::Value* bytes = ir.CreateAdd(length, body.I64(1));
  body.ReadMemory(target, bytes, body.At(body.At(work, Space::kText), start), sema::AddressSpace::kKernel);
  return length;
}

std::string Section(BodyContext& body) { return body.ir().GetInsertBlock()->getParent()->getSection().str(); }

llvm::Value* WriteFdpath(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  // A descriptor is an int, whatever it was kept in.
  llvm::Value* fd = ir.CreateAnd(body.Lower(*call.args[0]), body.I64(UINT32_MAX));
  llvm::Value* task = call.args.size() > 1 ? body.Lower(*call.args[1]) : body.Helper(BPF_FUNC_get_current_task, {});
  llvm::Value* work = body.Temporary(Space::kWorkBytes);
  ir.CreateCall(codegen::FdPathFinder(body.module(), Section(body), call.data.integers, codegen::SocketText::kAddress),
                {work, fd, task});
  return WriteText(body, *expr.type, work, target);
}

llvm::Value* WritePath(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  llvm::Value* path = body.Lower(*call.args[0]);
  llvm::Value* work = body.Temporary(Space::kWorkBytes);
  body.ir().CreateCall(codegen::PathFinder(body.module(), Section(body), call.data.integers), {work, path});
  return WriteText(body, *expr.type, work, target);
}

}  // namespace

const Builtin kFdpath{.name = "fdpath",
                      .signature = "string[4096] fdpath(int fd[, struct task_struct *task])",
                      .summary =
                          "The path behind a descriptor of a task, of the current one where none is given (of AT_FDCWD: "
                          "its working folder), or pipe:[inode], socket:[tcp 10.0.0.1:80->10.0.0.2:4321] and the like; "
                          "empty where it is not open.",
                      .example = "tracepoint:syscalls:sys_enter_read { printf(\"%s\\n\", fdpath(args.fd)); }",
                      .min_args = 1,
                      .max_args = 2,
                      .check = CheckFdpath,
                      .lower_into = WriteFdpath};

const Builtin kPath{.name = "path",
                    .signature = "string path(struct path *path[, const int size])",
                    .summary =
                        "The path that a struct path of the kernel leads to, as the mounts around it make it; its last "
                        "`size` bytes, or max_strlen.",
                    .example = "tracepoint:syscalls:sys_enter_openat { @[path(&curtask.mm.exe_file.f_path)] = count(); }",
                    .min_args = 1,
                    .max_args = 2,
                    .check = CheckPath,
                    .lower_into = WritePath};

}  // namespace sonde::builtins
