// The path is found from its end: from the file's dentry up to the root of its mount, from there to where that is
// mounted. One subprogram a program, whose loop is a callback; all that it works on is in scratch, where the verifier
// follows no numbers. Kernel: fs/d_path.c.
#include "codegen/fd_path.h"

#include <linux/bpf.h>

#include <array>

namespace sonde::codegen {
namespace {

constexpr uint64_t kMaxSteps = 2200;  // names and mounts on one path

constexpr std::array<FdPathPlace, kFdPathFields> kPlaces = {{
    {"task_struct", "files"},
    {"task_struct", "fs"},
    {"fs_struct", "pwd"},
    {"files_struct", "fdt"},
    {"fdtable", "max_fds"},
    {"fdtable", "fd"},
    {"file", "f_path"},
    {"path", "mnt"},
    {"path", "dentry"},
    {"dentry", "d_parent"},
    {"dentry", "d_name.len"},
    {"dentry", "d_name.name"},
    {"dentry", "d_hash.pprev"},
    {"dentry", "d_sb"},
    {"dentry", "d_inode"},
    {"super_block", "s_magic"},
    {"inode", "i_ino"},
    {"inode", "i_private"},
    {"mount", "mnt_parent"},
    {"mount", "mnt_mountpoint"},
    {"mount", "mnt.mnt_root"},
    {"mount", "mnt"},
    {"ns_common", "ops"},
    {"proc_ns_operations", "name"},
    {"socket_alloc", "vfs_inode"},
    {"socket_alloc", "socket"},
    {"socket", "sk"},
    {"sock", "__sk_common.skc_family"},
    {"sock", "sk_protocol"},
    {"sock", "__sk_common.skc_rcv_saddr"},
    {"sock", "__sk_common.skc_num"},
    {"sock", "__sk_common.skc_daddr"},
    {"sock", "__sk_common.skc_dport"},
    {"sock", "__sk_common.skc_v6_rcv_saddr", true},
    {"sock", "__sk_common.skc_v6_daddr", true},
    {"unix_sock", "addr", true},
    {"unix_address", "len", true},
    {"unix_address", "name", true},
}};

// File systems without paths (include/uapi/linux/magic.h).
constexpr uint64_t kPipes = 0x50495045;
constexpr uint64_t kSockets = 0x534f434b;
constexpr uint64_t kAnonymousInodes = 0x09041934;
constexpr uint64_t kNamespaces = 0x6e736673;
constexpr uint64_t kProcesses = 0x50494446;

// Builds the subprogram.
class Finder : KernelText {
 public:
  Finder(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets, SocketText sockets)
      : KernelText(module, section, offsets), sockets_(sockets) {}

  llvm::Function* FromDescriptor() {
    const bool has_addresses = sockets_ == SocketText::kAddress;
    return Make(has_addresses ? "fdpath_" : "fdpath_plain_", {Pointer(), I64Type(), I64Type()},
                [&](llvm::Function& find) { return PathOfDescriptor(find.getArg(1), find.getArg(2)); });
  }

  llvm::Function* FromPath() {
    return Make("path_", {Pointer(), I64Type()}, [](llvm::Function& find) { return find.getArg(1); });
  }

 private:
  template <typename Start>
  llvm::Function* Make(const std::string& prefix, const std::vector<llvm::Type*>& parameters, const Start& start) {
    const std::string name = prefix + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    llvm::Function* climb = MakeClimb();
    if (sockets_ == SocketText::kAddress) socket_writer_ = SocketWriter(module_, section_, offsets_);
    llvm::Function* find = function_ = NewFunction(name, parameters);
    work_ = find->getArg(0);
    ir_.SetInsertPoint(NewBlock("entry"));
    llvm::AllocaInst* context = ir_.CreateAlloca(I64Type());
    ir_.CreateAlignedStore(work_, context, llvm::Align(8));
    done_ = NewBlock("done");
    Store(kStart, I64(kTextEnd));
    Store(kEnd, I64(kTextEnd));
    llvm::Value* path = start(*find);
    Store(kMount, ir_.CreateSub(Read(path, kPathMount), I64(Offset(kMountPublic))));
    Store(kDentry, Read(path, kPathDentry));
    Go(ir_.CreateICmpNE(Load(kDentry), I64(0)), "is_path", done_);
    Store(kRoot, Read(Load(kMount), kMountRoot));
    LeaveIfPathless();
    MarkIfDeleted();
    Helper(BPF_FUNC_loop, {I64(kMaxSteps), climb, context, I64(0)});
    Go(ir_.CreateICmpEQ(Load(kStart), I64(kTextEnd)), "root", done_);
    Prepend("/");
    ir_.CreateBr(done_);
    ir_.SetInsertPoint(done_);
    ir_.CreateRet(I64(0));
    return find;
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

  // Of the file, or of the working folder where the descriptor is AT_FDCWD.
  llvm::Value* PathOfDescriptor(llvm::Value* fd, llvm::Value* task) {
    constexpr uint32_t kAtFdcwd = -100U;
    llvm::BasicBlock* descriptor = NewBlock("descriptor");
    llvm::BasicBlock* found = NewBlock("found");
    Go(ir_.CreateICmpEQ(fd, I64(kAtFdcwd)), "at_fdcwd", descriptor);
    llvm::Value* fs = Read(task, kTaskFs);
    Go(ir_.CreateICmpNE(fs, I64(0)), "fs", done_);
    llvm::Value* folder = ir_.CreateAdd(fs, I64(Offset(kFsFolder)));
    llvm::BasicBlock* from_fs = ir_.GetInsertBlock();
    ir_.CreateBr(found);
    ir_.SetInsertPoint(descriptor);
    llvm::Value* files = Read(task, kTaskFiles);
    Go(ir_.CreateICmpNE(files, I64(0)), "files", done_);
    llvm::Value* table = Read(files, kFilesTable);
    Go(ir_.CreateICmpULT(fd, Read(table, kTableMax, 4)), "in_table", done_);
    llvm::Value* fds = Read(table, kTableFds);
    llvm::Value* file = ReadAt(ir_.CreateAdd(fds, ir_.CreateShl(fd, I64(3))));
    Go(ir_.CreateICmpNE(file, I64(0)), "file", done_);
    llvm::Value* of_file = ir_.CreateAdd(file, I64(Offset(kFilePath)));
    llvm::BasicBlock* from_file = ir_.GetInsertBlock();
    ir_.CreateBr(found);
    ir_.SetInsertPoint(found);
    llvm::PHINode* path = ir_.CreatePHI(I64Type(), 2);
    path->addIncoming(folder, from_fs);
    path->addIncoming(of_file, from_file);
    return path;
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
    form(kSockets, "socket", [&] { Socket(number); });
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

  template <typename Number>
  void Socket(const Number& number) {
    llvm::BasicBlock* end = NewBlock("socket_end");
    if (sockets_ == SocketText::kAddress) {
      llvm::BasicBlock* nameless = NewBlock("nameless");
      Prepend("]");
      llvm::Value* inode = Read(Load(kDentry), kDentryInode);
      Go(ir_.CreateICmpNE(ir_.CreateCall(socket_writer_, {work_, inode}), I64(0)), "address", nameless);
      ir_.CreateBr(end);
      ir_.SetInsertPoint(nameless);
      Store(kStart, I64(kTextEnd));
    }
    number();
    ir_.CreateBr(end);
    ir_.SetInsertPoint(end);
    Prepend("socket:[");
  }

  void OwnName() {
    llvm::Value* length = ir_.CreateAnd(Read(Load(kDentry), kDentryLength, 4), I64(kNameMask));
    PrependName(Read(Load(kDentry), kDentryName), length);
  }

  // "mnt:[" and the like: the kind's name, read behind the text first, for its length.
  void NamespaceName() {
    Prepend(":[");
    llvm::Value* inode = Read(Load(kDentry), kDentryInode);
    llvm::Value* name = ReadAt(ir_.CreateAdd(Read(Read(inode, kInodePrivate), kNsOps), I64(Offset(kNsOpsName))));
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
    const std::string name = "climb_" + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    llvm::Function* climb = function_ = NewFunction(name, {I64Type(), Pointer()});
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

  SocketText sockets_;
  llvm::Function* socket_writer_ = nullptr;
  llvm::BasicBlock* done_ = nullptr;
};

}  // namespace

std::span<const FdPathPlace> FdPathFields() { return kPlaces; }

llvm::Function* FdPathFinder(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets,
                             SocketText sockets) {
  return Finder(module, section, offsets, sockets).FromDescriptor();
}

llvm::Function* PathFinder(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets) {
  return Finder(module, section, offsets, SocketText::kAddress).FromPath();
}

}  // namespace sonde::codegen
