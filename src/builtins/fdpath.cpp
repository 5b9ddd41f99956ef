// fdpath(fd): what is behind a descriptor of the current task, as readlink of /proc/self/fd/N tells it; path(p): the
// same of a struct path. (The kernel's own bpf_d_path serves a few functions alone.)
//
// The path is found from its end: from the file's dentry up to the root of its mount, from there to where that is
// mounted. One subprogram a program, whose loop is a callback; all that it works on is in scratch, where the verifier
// follows no numbers. Kernel: fs/d_path.c.
#include <llvm/IR/InlineAsm.h>

#include <array>

#include "builtins/common.h"
#include "kernel/btf.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kPathBytes = 4096;  // PATH_MAX
constexpr uint64_t kNameMask = 255;    // NAME_MAX
constexpr uint64_t kMaxSteps = 2200;   // names and mounts on one path

// The kernel's structures, by what is read of them.
enum Place : uint8_t {
  kTaskFiles,
  kFilesTable,
  kTableMax,
  kTableFds,
  kFilePath,
  kPathMount,
  kPathDentry,
  kDentryParent,
  kDentryLength,
  kDentryName,
  kDentryHashed,
  kDentrySuper,
  kDentryInode,
  kSuperMagic,
  kInodeNumber,
  kInodePrivate,
  kMountParent,
  kMountPoint,
  kMountRoot,    // in struct mount
  kMountPublic,  // struct vfsmount in struct mount
  kNsOps,
  kNsOpsName,
  kPlaces,
};

struct Named {
  const char* structure;
  const char* path;
};
constexpr std::array<Named, kPlaces> kPaths = {{
    {"task_struct", "files"}, {"files_struct", "fdt"},      {"fdtable", "max_fds"},
    {"fdtable", "fd"},        {"file", "f_path"},           {"path", "mnt"},
    {"path", "dentry"},       {"dentry", "d_parent"},       {"dentry", "d_name.len"},
    {"dentry", "d_name.name"}, {"dentry", "d_hash.pprev"},  {"dentry", "d_sb"},
    {"dentry", "d_inode"},    {"super_block", "s_magic"},   {"inode", "i_ino"},
    {"inode", "i_private"},   {"mount", "mnt_parent"},      {"mount", "mnt_mountpoint"},
    {"mount", "mnt.mnt_root"}, {"mount", "mnt"},            {"ns_common", "ops"},
    {"proc_ns_operations", "name"},
}};

// File systems without paths (include/uapi/linux/magic.h).
constexpr uint64_t kPipes = 0x50495045;
constexpr uint64_t kSockets = 0x534f434b;
constexpr uint64_t kAnonymousInodes = 0x09041934;
constexpr uint64_t kNamespaces = 0x6e736673;
constexpr uint64_t kProcesses = 0x50494446;

// The work space: words, then the text, written from its middle to its beginning, with room behind for what is added.
constexpr uint64_t kDentry = 0;
constexpr uint64_t kMount = 8;
constexpr uint64_t kRoot = 16;  // of the mount
constexpr uint64_t kStart = 24;
constexpr uint64_t kEnd = 32;
constexpr uint64_t kCell = 40;  // where a value is read to
constexpr uint64_t kText = 48;
constexpr uint64_t kTextEnd = kPathBytes;
constexpr uint64_t kTextRoom = kPathBytes + 512;
constexpr uint32_t kWorkBytes = kText + kTextRoom;

// What the subprogram is given.
enum class Start { kDescriptor, kPath };

// Builds the subprogram.
class Finder {
 public:
  Finder(BodyContext& body, const std::vector<int64_t>& offsets, Start start)
      : module_(body.module()),
        start_(start),
        section_(body.ir().GetInsertBlock()->getParent()->getSection()),
        offsets_(offsets),
        ir_(module_.llvm) {}

  // i64 find(work, fd or path): leaves the text in the work space, from kStart to kEnd.
  llvm::Function* Make() {
    const std::string name = (start_ == Start::kPath ? "path_" : "fdpath_") + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    llvm::Function* find = NewFunction(name, {Pointer(), I64Type()});
    llvm::Function* climb = MakeClimb();
    function_ = find;
    work_ = find->getArg(0);
    ir_.SetInsertPoint(NewBlock("entry"));
    llvm::AllocaInst* context = ir_.CreateAlloca(I64Type());
    ir_.CreateAlignedStore(work_, context, llvm::Align(8));
    done_ = NewBlock("done");
    Store(kStart, I64(kTextEnd));
    Store(kEnd, I64(kTextEnd));
    llvm::Value* path = start_ == Start::kPath ? find->getArg(1) : FindPath(find->getArg(1));
    Store(kMount, ir_.CreateSub(Read(path, kPathMount), I64(At(kMountPublic))));
    Store(kDentry, Read(path, kPathDentry));
    Go(ir_.CreateICmpNE(Load(kDentry), I64(0)), "is_path", done_);
    Store(kRoot, Read(Load(kMount), kMountRoot));
    LeaveIfPathless();
    MarkIfDeleted();
    llvm::Value* call = Helper(BPF_FUNC_loop, {I64(kMaxSteps), climb, context, I64(0)});
    static_cast<void>(call);
    Go(ir_.CreateICmpEQ(Load(kStart), I64(kTextEnd)), "root", done_);
    Prepend("/");
    ir_.CreateBr(done_);
    ir_.SetInsertPoint(done_);
    ir_.CreateRet(I64(0));
    return find;
  }

 private:
  llvm::Type* Pointer() { return ir_.getPtrTy(); }
  llvm::Type* I64Type() { return ir_.getInt64Ty(); }
  llvm::ConstantInt* I64(uint64_t value) { return ir_.getInt64(value); }
  uint64_t At(Place place) const { return static_cast<uint64_t>(offsets_[place]); }

  llvm::Function* NewFunction(const std::string& name, const std::vector<llvm::Type*>& parameters) {
    llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), parameters, false);
    llvm::Function* function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module_.module);
    function->setSection(section_);
    function->addFnAttr(llvm::Attribute::NoInline);
    function->addFnAttr(llvm::Attribute::NoUnwind);
    return function;
  }

  llvm::BasicBlock* NewBlock(const char* name) { return llvm::BasicBlock::Create(module_.llvm, name, function_); }

  // Goes on in a new block where `holds`, else at `otherwise`.
  void Go(llvm::Value* holds, const char* name, llvm::BasicBlock* otherwise) {
    llvm::BasicBlock* block = NewBlock(name);
    ir_.CreateCondBr(holds, block, otherwise);
    ir_.SetInsertPoint(block);
  }

  llvm::Value* Helper(int number, const std::vector<llvm::Value*>& args) {
    std::vector<llvm::Type*> types;
    for (llvm::Value* arg : args) types.push_back(arg->getType());
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(I64(static_cast<uint64_t>(number)), Pointer());
    return ir_.CreateCall(llvm::FunctionType::get(I64Type(), types, false), helper, args);
  }

  llvm::Value* Word(uint64_t offset) { return ir_.CreateGEP(ir_.getInt8Ty(), work_, I64(offset)); }
  llvm::Value* Load(uint64_t offset) {
    return ir_.CreateAlignedLoad(I64Type(), Word(offset), llvm::Align(8), /*isVolatile=*/true);
  }
  void Store(uint64_t offset, llvm::Value* value) {
    ir_.CreateAlignedStore(value, Word(offset), llvm::Align(8), /*isVolatile=*/true);
  }

  // So many bytes of the kernel's memory as a number; 0 where it cannot be read.
  llvm::Value* ReadAt(llvm::Value* address, uint64_t bytes = 8) {
    Store(kCell, I64(0));
    Helper(BPF_FUNC_probe_read_kernel, {Word(kCell), I64(bytes), address});
    return Load(kCell);
  }
  llvm::Value* Read(llvm::Value* base, Place place, uint64_t bytes = 8) {
    return ReadAt(ir_.CreateAdd(base, I64(At(place))), bytes);
  }

  // A place in the text, in bounds that the verifier sees.
  llvm::Value* Text(llvm::Value* offset) {
    llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), {I64Type()}, false);
    llvm::InlineAsm* hide = llvm::InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/true);
    llvm::Value* masked = ir_.CreateAnd(ir_.CreateCall(type, hide, {offset}), I64(kTextEnd - 1));
    return ir_.CreateGEP(ir_.getInt8Ty(), Word(kText), ir_.CreateCall(type, hide, {masked}));
  }

  void StoreText(llvm::Value* at, std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      llvm::Value* byte = ir_.CreateGEP(ir_.getInt8Ty(), at, I64(i));
      ir_.CreateStore(ir_.getInt8(static_cast<uint8_t>(text[i])), byte);
    }
  }

  void Prepend(std::string_view text) {
    llvm::Value* start = ir_.CreateSub(Load(kStart), I64(text.size()));
    Store(kStart, start);
    StoreText(Text(start), text);
  }

  // A name of this length at `address`, before what is there.
  void PrependName(llvm::Value* address, llvm::Value* length) {
    llvm::Value* start = ir_.CreateSub(Load(kStart), length);
    Store(kStart, start);
    Helper(BPF_FUNC_probe_read_kernel, {Text(start), length, address});
  }

  // The digits, before what is there.
  void PrependNumber(llvm::Value* number) {
    constexpr uint64_t kDigits = 20;
    llvm::Value* length = I64(1);
    llvm::Value* left = number;
    for (uint64_t i = 0; i < kDigits; ++i) {
      llvm::Value* digit = ir_.CreateAdd(ir_.CreateURem(left, I64(10)), I64('0'));
      // The place of a number is fixed: only a "]" stands behind it.
      llvm::Value* at = Word(kText + kTextEnd - 2 - i);
      ir_.CreateStore(ir_.CreateTrunc(digit, ir_.getInt8Ty()), at);
      length = ir_.CreateSelect(ir_.CreateICmpNE(left, I64(0)), I64(i + 1), length);
      left = ir_.CreateUDiv(left, I64(10));
    }
    Store(kStart, ir_.CreateSub(I64(kTextEnd - 1), length));
  }

  llvm::Value* FindPath(llvm::Value* fd) {
    llvm::Value* task = Helper(BPF_FUNC_get_current_task, {});
    llvm::Value* files = Read(task, kTaskFiles);
    Go(ir_.CreateICmpNE(files, I64(0)), "files", done_);
    llvm::Value* table = Read(files, kFilesTable);
    llvm::Value* limit = Read(table, kTableMax, 4);
    Go(ir_.CreateICmpULT(fd, limit), "in_table", done_);
    llvm::Value* fds = Read(table, kTableFds);
    llvm::Value* file = ReadAt(ir_.CreateAdd(fds, ir_.CreateShl(fd, I64(3))));
    Go(ir_.CreateICmpNE(file, I64(0)), "file", done_);
    return ir_.CreateAdd(file, I64(At(kFilePath)));
  }

  // The dentry of a pipe, a socket and their like is alone: its own parent, and not the root of a mount.
  void LeaveIfPathless() {
    llvm::BasicBlock* has_path = NewBlock("has_path");
    llvm::Value* dentry = Load(kDentry);
    Go(ir_.CreateICmpEQ(Read(dentry, kDentryParent), dentry), "alone", has_path);
    Go(ir_.CreateICmpNE(Load(kDentry), Load(kRoot)), "pathless", has_path);
    llvm::Value* magic = Read(Read(Load(kDentry), kDentrySuper), kSuperMagic);
    auto form = [&](uint64_t wanted, const char* name, auto&& write) {
      llvm::BasicBlock* other = NewBlock("other");
      Go(ir_.CreateICmpEQ(magic, I64(wanted)), name, other);
      write();
      ir_.CreateBr(done_);
      ir_.SetInsertPoint(other);
    };
    auto number = [&] {
      Prepend("]");
      PrependNumber(Read(Read(Load(kDentry), kDentryInode), kInodeNumber));
    };
    form(kPipes, "pipe", [&] { number(), Prepend("pipe:["); });
    form(kSockets, "socket", [&] { number(), Prepend("socket:["); });
    form(kProcesses, "process", [&] { Prepend("anon_inode:[pidfd]"); });
    form(kAnonymousInodes, "anonymous", [&] { OwnName(), Prepend("anon_inode:"); });
    form(kNamespaces, "namespace", [&] { number(), NamespaceName(); });
    // Memory files and what was never in a folder.
    Deleted();
    OwnName();
    Prepend("/");
    ir_.CreateBr(done_);
    ir_.SetInsertPoint(has_path);
  }

  void OwnName() {
    llvm::Value* length = ir_.CreateAnd(Read(Load(kDentry), kDentryLength, 4), I64(kNameMask));
    PrependName(Read(Load(kDentry), kDentryName), length);
  }

  // "mnt:[" and the like: the kind's name, read behind the text first, for its length.
  void NamespaceName() {
    Prepend(":[");
    llvm::Value* inode = Read(Load(kDentry), kDentryInode);
    llvm::Value* name = ReadAt(ir_.CreateAdd(Read(Read(inode, kInodePrivate), kNsOps), I64(At(kNsOpsName))));
    llvm::Value* read = Helper(BPF_FUNC_probe_read_kernel_str, {Word(kText + kTextEnd + 16), I64(kNameMask + 1), name});
    Go(ir_.CreateICmpSGT(read, I64(1)), "named", done_);
    PrependName(name, ir_.CreateAnd(ir_.CreateSub(read, I64(1)), I64(kNameMask)));
  }

  void Deleted() {
    constexpr std::string_view kMark = " (deleted)";
    StoreText(Word(kText + kTextEnd), kMark);
    Store(kEnd, I64(kTextEnd + kMark.size()));
  }

  void MarkIfDeleted() {
    llvm::BasicBlock* linked = NewBlock("linked");
    llvm::Value* dentry = Load(kDentry);
    Go(ir_.CreateICmpNE(Read(dentry, kDentryParent), dentry), "named", linked);
    Go(ir_.CreateICmpEQ(Read(Load(kDentry), kDentryHashed), I64(0)), "deleted", linked);
    Deleted();
    ir_.CreateBr(linked);
    ir_.SetInsertPoint(linked);
  }

  // One step up: over a name, or from the root of a mount to where that is mounted.
  llvm::Function* MakeClimb() {
    const std::string climb_name = "climb_" + section_;
    if (llvm::Function* made = module_.module.getFunction(climb_name)) return made;
    llvm::Function* climb = NewFunction(climb_name, {I64Type(), Pointer()});
    function_ = climb;
    ir_.SetInsertPoint(NewBlock("entry"));
    work_ = ir_.CreateAlignedLoad(Pointer(), climb->getArg(1), llvm::Align(8));
    llvm::BasicBlock* end = NewBlock("end");
    llvm::BasicBlock* next = NewBlock("next");
    llvm::BasicBlock* below = NewBlock("below");
    Go(ir_.CreateICmpEQ(Load(kDentry), Load(kRoot)), "at_root", below);
    llvm::Value* parent = Read(Load(kMount), kMountParent);
    Go(ir_.CreateICmpNE(parent, Load(kMount)), "mounted", end);
    Store(kDentry, Read(Load(kMount), kMountPoint));
    Store(kMount, parent);
    Store(kRoot, Read(parent, kMountRoot));
    ir_.CreateBr(next);

    ir_.SetInsertPoint(below);
    llvm::Value* dentry = Load(kDentry);
    llvm::Value* folder = Read(dentry, kDentryParent);
    Go(ir_.CreateICmpNE(folder, dentry), "name", end);
    llvm::Value* length = ir_.CreateAnd(Read(dentry, kDentryLength, 4), I64(kNameMask));
    Go(ir_.CreateICmpUGT(Load(kStart), ir_.CreateAdd(length, I64(1))), "fits", end);
    PrependName(Read(dentry, kDentryName), length);
    Prepend("/");
    Store(kDentry, folder);
    ir_.CreateBr(next);
    ir_.SetInsertPoint(next);
    ir_.CreateRet(I64(0));
    ir_.SetInsertPoint(end);
    ir_.CreateRet(I64(1));
    return climb;
  }

  codegen::ModuleContext& module_;
  Start start_;
  std::string section_;
  const std::vector<int64_t>& offsets_;
  llvm::IRBuilder<> ir_;
  llvm::Function* function_ = nullptr;
  llvm::Value* work_ = nullptr;
  llvm::BasicBlock* done_ = nullptr;
};

// False after a report.
bool FindPlaces(Checker& checker, const parser::Call& syntax, Call& call) {
  Result<const kernel::Btf*> btf = checker.kernel().KernelBtf();
  if (!btf) {
    checker.Report(sema::kSystem, syntax.name_span, btf.error().Message());
    return false;
  }
  for (const Named& place : kPaths) {
    std::optional<kernel::BtfId> structure = (*btf)->Find(kernel::BtfKind::kStruct, place.structure);
    auto field = structure ? (*btf)->FindField(*structure, place.path) : std::nullopt;
    if (!field) {
      checker.Report(sema::kSystem, syntax.name_span,
                     fmt::format("{}() needs {}.{}, which this kernel's type information does not have", syntax.name,
                                 place.structure, place.path));
      return false;
    }
    call.data.integers.push_back(field->bit_offset / 8);
  }
  return true;
}

const Type* CheckFdpath(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr fd = checker.CheckInteger(*syntax.args[0], "the descriptor");
  if (fd->type->IsVague()) return fd->type;
  if (!FindPlaces(checker, syntax, call)) return checker.types().Error();
  call.args.push_back(std::move(fd));
  return checker.types().String(kPathBytes);
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
  auto bytes = static_cast<int64_t>(std::min<uint64_t>(checker.options().max_strlen, kPathBytes));
  if (syntax.args.size() > 1) {
    std::optional<int64_t> wanted = checker.CheckLiteral(*syntax.args[1], "the size");
    if (!wanted) return checker.types().Error();
    if (*wanted < 1 || *wanted > kPathBytes) {
      return checker.Fail(sema::kWrongArgument, syntax.args[1]->span,
                          fmt::format("a path takes from 1 to {} bytes", kPathBytes));
    }
    bytes = *wanted;
  }
  if (!FindPlaces(checker, syntax, call)) return checker.types().Error();
  call.args.push_back(std::move(path));
  return checker.types().String(static_cast<uint32_t>(bytes));
}

// The text's end, where it is longer than its type.
llvm::Value* Write(BodyContext& body, const sema::Type& type, const Call& call, llvm::Value* target, Start from) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* value = body.Lower(*call.args[0]);
  // A descriptor is an int, whatever it was kept in.
  if (from == Start::kDescriptor) value = ir.CreateAnd(value, body.I64(UINT32_MAX));
  llvm::Value* work = body.Temporary(kWorkBytes);
  ir.CreateCall(Finder(body, call.data.integers, from).Make(), {work, value});
  auto load = [&](uint64_t offset) {
    return ir.CreateAlignedLoad(ir.getInt64Ty(), body.At(work, offset), llvm::Align(8), /*isVolatile=*/true);
  };
  llvm::Value* end = body.AtMost(load(kEnd), kTextRoom - 1);
  llvm::Value* length = body.AtMost(ir.CreateSub(end, load(kStart)), type.size - 1);
  llvm::Value* start = body.AtMost(ir.CreateSub(end, length), kTextRoom - 1);
  // The NUL stands behind the text, where nothing else was written.
  ir.CreateStore(ir.getInt8(0), body.At(body.At(work, kText), end));
  llvm::Value* bytes = ir.CreateAdd(length, body.I64(1));
  body.ReadMemory(target, bytes, body.At(body.At(work, kText), start), sema::AddressSpace::kKernel);
  return length;
}

llvm::Value* WriteFdpath(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  return Write(body, *expr.type, call, target, Start::kDescriptor);
}
llvm::Value* WritePath(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  return Write(body, *expr.type, call, target, Start::kPath);
}

}  // namespace

const Builtin kFdpath{.name = "fdpath",
                      .signature = "string[4096] fdpath(int fd)",
                      .summary =
                          "The path behind a descriptor of the current task, or pipe:[inode], socket:[inode] and "
                          "the like; empty where it is not open.",
                      .example = "tracepoint:syscalls:sys_enter_read { printf(\"%s\\n\", fdpath(args.fd)); }",
                      .min_args = 1,
                      .max_args = 1,
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
