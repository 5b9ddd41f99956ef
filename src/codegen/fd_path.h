// What a descriptor of a task or a struct path of the kernel leads to, as a text: found by a subprogram, one in each
// section.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codegen/kernel_text.h"

namespace sonde::codegen {

// The kernel's structures, by what is read of them: rows of FdPathFields.
enum FdPathField : uint8_t {
  kTaskFiles,
  kTaskFs,
  kFsFolder,
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
  kSocketInode,   // struct inode in struct socket_alloc
  kSocketOfInode,  // struct socket in struct socket_alloc
  kSocketSock,
  kSockFamily,
  kSockProtocol,
  kSockSource,
  kSockSourcePort,
  kSockTarget,
  kSockTargetPort,
  kSockSource6,
  kSockTarget6,
  kUnixAddress,
  kUnixLength,
  kUnixName,
  kFdPathFields,
};
struct FdPathPlace {
  const char* structure;
  const char* path;
  bool is_optional = false;  // not in every kernel
};
std::span<const FdPathPlace> FdPathFields();

inline constexpr int64_t kNoFdPathField = -1;  // in place of the offset

enum class SocketText : uint8_t {
  kInode,    // socket:[1234], as readlink of /proc/PID/fd tells
  kAddress,  // socket:[tcp 10.0.0.1:80->10.0.0.2:4321] where there is an address
};

// Each leaves the text in the work space (KernelTextSpace), from kStart to kEnd. `offsets` are of FdPathFields; they must
// live as long as the call here.
//
// i64 find(work, fd, task): task is a struct task_struct *; the fd AT_FDCWD stands for its working folder.
llvm::Function* FdPathFinder(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets,
                             SocketText sockets);
// i64 find(work, path): a struct path *.
llvm::Function* PathFinder(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets);

// i64 socket(work, inode): prepends the kind and the addresses of a socket with an address, and returns 1; else 0.
llvm::Function* SocketWriter(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets);

}  // namespace sonde::codegen
