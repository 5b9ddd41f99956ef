#include "image/syscall_shapes.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::image {
namespace {

// Each word is an argument: its kind, `=table` of flags, `@N` another argument that tells the length.
struct Row {
  int number;
  std::string_view name;
  std::string_view arguments;
  std::string_view result = {};
};

constexpr auto kRows = std::to_array<Row>({
    {0, "read", "fd out size"},
    {1, "write", "fd in@2 size"},
    {2, "open", "path openflags mode", "fd"},
    {3, "close", "fd"},
    {4, "stat", "path stat"},
    {5, "fstat", "fd stat"},
    {6, "lstat", "path stat"},
    {7, "poll", "pollfds@1 dec dec", "poll"},
    {8, "lseek", "fd dec flags=whence"},
    {9, "mmap", "hex size flags=prot flags=mmap fd offset", "hex"},
    {10, "mprotect", "hex size flags=prot"},
    {11, "munmap", "hex size"},
    {12, "brk", "hex", "hex"},
    {13, "rt_sigaction", "flags=signal sigaction sigaction_out size"},
    {14, "rt_sigprocmask", "flags=sigprocmask sigset sigset_out size"},
    {16, "ioctl", "fd flags=ioctl ioctl"},
    {17, "pread64", "fd out size dec"},
    {18, "pwrite64", "fd in@2 size dec"},
    {19, "readv", "fd vector_out@2 dec"},
    {20, "writev", "fd vector_in@2 dec"},
    {21, "access", "path flags=access"},
    {22, "pipe", "pipe"},
    {23, "select", "dec hex hex hex timeval"},
    {24, "sched_yield", ""},
    {25, "mremap", "hex size size flags=mremap hex", "hex"},
    {26, "msync", "hex size flags=msync"},
    {27, "mincore", "hex size hex"},
    {28, "madvise", "hex size flags=madvise"},
    {32, "dup", "fd", "fd"},
    {33, "dup2", "fd fd", "fd"},
    {34, "pause", ""},
    {35, "nanosleep", "timespec timespec_rest"},
    {36, "getitimer", "flags=itimer itimerval_out"},
    {37, "alarm", "udec"},
    {38, "setitimer", "flags=itimer itimerval itimerval_out"},
    {39, "getpid", ""},
    {40, "sendfile", "fd fd offset_pointer size"},
    {41, "socket", "flags=af flags=socktype protocol", "fd"},
    {42, "connect", "fd sockaddr@2 dec"},
    {43, "accept", "fd sockaddr_out length_out", "fd"},
    {44, "sendto", "fd in@2 size flags=msg sockaddr@5 dec"},
    {45, "recvfrom", "fd out size flags=msg sockaddr_out length_out"},
    {46, "sendmsg", "fd msghdr flags=msg"},
    {47, "recvmsg", "fd msghdr flags=msg"},
    {48, "shutdown", "fd flags=shutdown"},
    {49, "bind", "fd sockaddr@2 dec"},
    {50, "listen", "fd dec"},
    {51, "getsockname", "fd sockaddr_out length_out"},
    {52, "getpeername", "fd sockaddr_out length_out"},
    {53, "socketpair", "flags=af flags=socktype protocol pipe"},
    {54, "setsockopt", "fd flags=socklevel flags=sockopt int_in dec"},
    {55, "getsockopt", "fd flags=socklevel flags=sockopt int_out length_out"},
    {56, "clone", "clone_flags hex hex hex hex"},
    {57, "fork", ""},
    {58, "vfork", ""},
    {59, "execve", "path argv envp"},
    {61, "wait4", "dec status flags=wait rusage"},
    {62, "kill", "dec flags=signal"},
    {63, "uname", "utsname"},
    {72, "fcntl", "fd flags=fcntl fcntl", "fcntl"},
    {73, "flock", "fd flags=flock"},
    {74, "fsync", "fd"},
    {75, "fdatasync", "fd"},
    {76, "truncate", "path dec"},
    {77, "ftruncate", "fd dec"},
    {78, "getdents", "fd entries size"},
    {79, "getcwd", "text_out size"},
    {80, "chdir", "path"},
    {81, "fchdir", "fd"},
    {82, "rename", "path path"},
    {83, "mkdir", "path mode"},
    {84, "rmdir", "path"},
    {85, "creat", "path mode", "fd"},
    {86, "link", "path path"},
    {87, "unlink", "path"},
    {88, "symlink", "path path"},
    {89, "readlink", "path out size"},
    {90, "chmod", "path mode"},
    {91, "fchmod", "fd mode"},
    {92, "chown", "path dec dec"},
    {93, "fchown", "fd dec dec"},
    {94, "lchown", "path dec dec"},
    {95, "umask", "mode", "mode"},
    {96, "gettimeofday", "timeval_out hex"},
    {97, "getrlimit", "flags=rlimit rlimit_out"},
    {98, "getrusage", "flags=rusage rusage"},
    {99, "sysinfo", "sysinfo"},
    {100, "times", "hex"},
    {102, "getuid", ""},
    {104, "getgid", ""},
    {105, "setuid", "udec"},
    {106, "setgid", "udec"},
    {107, "geteuid", ""},
    {108, "getegid", ""},
    {109, "setpgid", "dec dec"},
    {110, "getppid", ""},
    {111, "getpgrp", ""},
    {112, "setsid", ""},
    {115, "getgroups", "dec hex"},
    {117, "setresuid", "dec dec dec"},
    {119, "setresgid", "dec dec dec"},
    {121, "getpgid", "dec"},
    {124, "getsid", "dec"},
    {128, "rt_sigtimedwait", "sigset hex timespec size"},
    {130, "rt_sigsuspend", "sigset size"},
    {131, "sigaltstack", "sigstack sigstack_out"},
    {137, "statfs", "path statfs"},
    {138, "fstatfs", "fd statfs"},
    {140, "getpriority", "dec dec"},
    {141, "setpriority", "dec dec dec"},
    {157, "prctl", "flags=prctl prctl prctl_more prctl_more prctl_more"},
    {158, "arch_prctl", "flags=arch_prctl hex"},
    {160, "setrlimit", "flags=rlimit rlimit"},
    {161, "chroot", "path"},
    {162, "sync", ""},
    {165, "mount", "text path text flags=mount hex"},
    {166, "umount2", "path flags=umount"},
    {186, "gettid", ""},
    {191, "getxattr", "path text hex size"},
    {192, "lgetxattr", "path text hex size"},
    {193, "fgetxattr", "fd text hex size"},
    {200, "tkill", "dec flags=signal"},
    {201, "time", "hex"},
    {202, "futex", "hex futex hidden futex_time"},
    {203, "sched_setaffinity", "dec size cpus@1"},
    {204, "sched_getaffinity", "dec size cpus_out"},
    {213, "epoll_create", "dec", "fd"},
    {217, "getdents64", "fd entries size"},
    {218, "set_tid_address", "hex"},
    {219, "restart_syscall", "resuming"},
    {221, "fadvise64", "fd dec dec flags=fadvise"},
    {228, "clock_gettime", "flags=clock timespec_out"},
    {229, "clock_getres", "flags=clock timespec_out"},
    {230, "clock_nanosleep", "flags=clock flags=timer timespec timespec_rest"},
    {232, "epoll_wait", "fd epoll_events dec dec"},
    {233, "epoll_ctl", "fd flags=epoll_ctl fd epoll_event"},
    {234, "tgkill", "dec dec flags=signal"},
    {235, "utimes", "path hex"},
    {247, "waitid", "flags=waitid dec hex flags=wait hex"},
    {254, "inotify_add_watch", "fd path flags=inotify"},
    {255, "inotify_rm_watch", "fd dec"},
    {257, "openat", "dirfd path openflags mode", "fd"},
    {258, "mkdirat", "dirfd path mode"},
    {260, "fchownat", "dirfd path dec dec flags=at"},
    {262, "newfstatat", "dirfd path stat flags=at"},
    {263, "unlinkat", "dirfd path flags=at"},
    {264, "renameat", "dirfd path dirfd path"},
    {265, "linkat", "dirfd path dirfd path flags=at"},
    {266, "symlinkat", "path dirfd path"},
    {267, "readlinkat", "dirfd path out size"},
    {268, "fchmodat", "dirfd path mode"},
    {269, "faccessat", "dirfd path flags=access"},
    {270, "pselect6", "dec hex hex hex timespec hex"},
    {271, "ppoll", "pollfds@1 dec timespec sigset size", "poll"},
    {272, "unshare", "flags=unshare"},
    {273, "set_robust_list", "hex size"},
    {275, "splice", "fd offset_pointer fd offset_pointer size flags=splice"},
    {276, "tee", "fd fd size flags=splice"},
    {280, "utimensat", "dirfd path times flags=at"},
    {281, "epoll_pwait", "fd epoll_events dec dec sigset size"},
    {283, "timerfd_create", "flags=clock flags=timerfd", "fd"},
    {284, "eventfd", "dec", "fd"},
    {285, "fallocate", "fd flags=fallocate dec dec"},
    {286, "timerfd_settime", "fd flags=timer itimerspec itimerspec_out"},
    {287, "timerfd_gettime", "fd itimerspec_out"},
    {288, "accept4", "fd sockaddr_out length_out flags=sockflags", "fd"},
    {290, "eventfd2", "dec flags=eventfd", "fd"},
    {291, "epoll_create1", "flags=epoll_create", "fd"},
    {292, "dup3", "fd fd flags=pipe", "fd"},
    {293, "pipe2", "pipe flags=pipe"},
    {294, "inotify_init1", "flags=inotify_init", "fd"},
    {295, "preadv", "fd vector_out@2 dec dec"},
    {296, "pwritev", "fd vector_in@2 dec dec"},
    {302, "prlimit64", "dec flags=rlimit rlimit rlimit_out"},
    {306, "syncfs", "fd"},
    {308, "setns", "fd flags=unshare"},
    {316, "renameat2", "dirfd path dirfd path flags=rename"},
    {318, "getrandom", "random size flags=getrandom"},
    {319, "memfd_create", "text flags=memfd", "fd"},
    {321, "bpf", "flags=bpf hex size"},
    {322, "execveat", "dirfd path argv envp flags=at"},
    {324, "membarrier", "flags=membarrier udec"},
    {326, "copy_file_range", "fd offset_pointer fd offset_pointer size dec"},
    {332, "statx", "dirfd path flags=statx flags=statx_mask statx"},
    {334, "rseq", "hex plainhex dec plainhex"},
    {434, "pidfd_open", "dec dec", "fd"},
    {435, "clone3", "clone_args size"},
    {436, "close_range", "udec udec flags=close_range"},
    {439, "faccessat2", "dirfd path flags=access flags=faccessat"},
});
static_assert(std::ranges::is_sorted(kRows, {}, &Row::number));

struct Structure {
  std::string_view kind;
  Fetch fetch;
  uint16_t size = 0;
};

// Sizes of the kernel's structures on x86-64.
constexpr auto kStructures = std::to_array<Structure>({
    {"path", Fetch::kText},
    {"text", Fetch::kText},
    {"text_out", Fetch::kText},
    {"in", Fetch::kBytesIn},
    {"out", Fetch::kBytesOut},
    {"random", Fetch::kBytesOut},
    {"entries", Fetch::kEntries},
    {"futex_time", Fetch::kIn, 16},
    {"argv", Fetch::kTexts},
    {"envp", Fetch::kCount},
    {"vector_in", Fetch::kVectorIn},
    {"vector_out", Fetch::kVectorOut},
    {"sockaddr", Fetch::kArrayIn, 1},
    {"sockaddr_out", Fetch::kOut, 110},
    {"length_out", Fetch::kOut, 4},
    {"int_in", Fetch::kIn, 4},
    {"int_out", Fetch::kOut, 4},
    {"offset_pointer", Fetch::kIn, 8},
    {"pollfds", Fetch::kArrayIn, 8},
    {"cpus", Fetch::kArrayIn, 1},
    {"cpus_out", Fetch::kArrayOut, 1},
    {"epoll_event", Fetch::kIn, 12},
    {"epoll_events", Fetch::kArrayOut, 12},
    {"stat", Fetch::kOut, 144},
    {"statx", Fetch::kOut, 256},
    {"statfs", Fetch::kOut, 120},
    {"utsname", Fetch::kOut, 390},
    {"sysinfo", Fetch::kOut, 112},
    {"rusage", Fetch::kOut, 144},
    {"pipe", Fetch::kOut, 8},
    {"status", Fetch::kOut, 4},
    {"timespec", Fetch::kIn, 16},
    {"timespec_out", Fetch::kOut, 16},
    {"timespec_rest", Fetch::kIn, 16},
    {"times", Fetch::kIn, 32},
    {"timeval", Fetch::kIn, 16},
    {"timeval_out", Fetch::kOut, 16},
    {"itimerval", Fetch::kIn, 32},
    {"itimerval_out", Fetch::kOut, 32},
    {"itimerspec", Fetch::kIn, 32},
    {"itimerspec_out", Fetch::kOut, 32},
    {"sigset", Fetch::kIn, 8},
    {"sigset_out", Fetch::kOut, 8},
    {"sigaction", Fetch::kIn, 32},
    {"sigaction_out", Fetch::kOut, 32},
    {"sigstack", Fetch::kIn, 24},
    {"sigstack_out", Fetch::kOut, 24},
    {"rlimit", Fetch::kIn, 16},
    {"rlimit_out", Fetch::kOut, 16},
    {"clone_args", Fetch::kIn, 88},
    {"msghdr", Fetch::kIn, 56},
    {"ioctl", Fetch::kIn, 8},
    {"prctl", Fetch::kText},
});

ArgumentShape Parse(std::string_view word) {
  ArgumentShape shape;
  if (size_t at = word.find('@'); at != std::string_view::npos) {
    std::from_chars(word.data() + at + 1, word.data() + word.size(), shape.other);
    word = word.substr(0, at);
  }
  size_t equals = word.find('=');
  shape.kind = word.substr(0, equals);
  if (equals != std::string_view::npos) shape.table = word.substr(equals + 1);
  const auto* found = std::ranges::find(kStructures, shape.kind, &Structure::kind);
  if (found != kStructures.end()) {
    shape.fetch = found->fetch;
    shape.size = found->size;
  }
  return shape;
}

std::vector<SyscallShape> ParseAll() {
  std::vector<SyscallShape> shapes;
  for (const Row& row : kRows) {
    SyscallShape& shape = shapes.emplace_back();
    shape = {.number = row.number, .name = row.name, .arguments = {}, .result = row.result};
    for (std::string_view left = row.arguments; !left.empty();) {
      size_t blank = std::min(left.find(' '), left.size());
      shape.arguments.push_back(Parse(left.substr(0, blank)));
      left.remove_prefix(std::min(blank + 1, left.size()));
    }
  }
  return shapes;
}

}  // namespace

std::span<const SyscallShape> SyscallShapes() {
  static const std::vector<SyscallShape> shapes = ParseAll();
  return shapes;
}

const SyscallShape* FindSyscallShape(int number) {
  std::span<const SyscallShape> shapes = SyscallShapes();
  const auto found = std::ranges::lower_bound(shapes, number, {}, &SyscallShape::number);
  return found != shapes.end() && found->number == number ? &*found : nullptr;
}

}  // namespace sonde::image
