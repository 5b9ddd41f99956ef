// Values come from the C library's and the kernel's headers; a few that those of Debian 12 lack stand as numbers.
#include "image/symbols.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sonde::image {
namespace {

#define S(name) \
  Symbol { static_cast<uint64_t>(name), #name }
#define N(value, name) \
  Symbol { static_cast<uint64_t>(value), name }

constexpr auto kOpenModes = std::to_array<Symbol>({S(O_RDONLY), S(O_WRONLY), S(O_RDWR), N(3, "O_ACCMODE")});
// O_LARGEFILE is 0 to the C library of 64-bit programs.
constexpr auto kOpenFlags =
    std::to_array<Symbol>({S(O_CREAT), S(O_EXCL), S(O_NOCTTY), S(O_TRUNC), S(O_APPEND), S(O_NONBLOCK), S(O_SYNC),
                           S(O_DSYNC), N(020000, "O_ASYNC"), S(O_DIRECT), N(0100000, "O_LARGEFILE"), S(O_NOFOLLOW),
                           S(O_NOATIME), S(O_CLOEXEC), S(O_PATH), S(O_TMPFILE), S(O_DIRECTORY)});
constexpr auto kAt = std::to_array<Symbol>({S(AT_SYMLINK_NOFOLLOW), S(AT_REMOVEDIR), S(AT_SYMLINK_FOLLOW),
                                            S(AT_NO_AUTOMOUNT), S(AT_EMPTY_PATH), N(0x2000, "AT_STATX_FORCE_SYNC"),
                                            N(0x4000, "AT_STATX_DONT_SYNC"), N(0x8000, "AT_RECURSIVE")});
constexpr auto kFaccessAt = std::to_array<Symbol>({S(AT_EACCESS), S(AT_SYMLINK_NOFOLLOW), S(AT_EMPTY_PATH)});
constexpr auto kStatxSync = std::to_array<Symbol>(
    {N(0, "AT_STATX_SYNC_AS_STAT"), N(0x2000, "AT_STATX_FORCE_SYNC"), N(0x4000, "AT_STATX_DONT_SYNC")});
constexpr auto kStatxAt = std::to_array<Symbol>({S(AT_SYMLINK_NOFOLLOW), S(AT_NO_AUTOMOUNT), S(AT_EMPTY_PATH)});
constexpr auto kStatxMask = std::to_array<Symbol>(
    {N(0xfff, "STATX_ALL"), N(0x7ff, "STATX_BASIC_STATS"), N(1, "STATX_TYPE"), N(2, "STATX_MODE"), N(4, "STATX_NLINK"),
     N(8, "STATX_UID"), N(0x10, "STATX_GID"), N(0x20, "STATX_ATIME"), N(0x40, "STATX_MTIME"), N(0x80, "STATX_CTIME"),
     N(0x100, "STATX_INO"), N(0x200, "STATX_SIZE"), N(0x400, "STATX_BLOCKS"), N(0x800, "STATX_BTIME"),
     N(0x1000, "STATX_MNT_ID"), N(0x2000, "STATX_DIOALIGN")});
constexpr auto kDirfds = std::to_array<Symbol>({N(static_cast<uint32_t>(AT_FDCWD), "AT_FDCWD"), S(AT_FDCWD)});
constexpr auto kAccess = std::to_array<Symbol>({S(R_OK), S(W_OK), S(X_OK)});
constexpr auto kAccessNone = std::to_array<Symbol>({S(F_OK)});
constexpr auto kProtections = std::to_array<Symbol>(
    {S(PROT_READ), S(PROT_WRITE), S(PROT_EXEC), N(8, "PROT_SEM"), S(PROT_GROWSDOWN), S(PROT_GROWSUP)});
constexpr auto kNoProtection = std::to_array<Symbol>({S(PROT_NONE)});
constexpr auto kMapKinds =
    std::to_array<Symbol>({N(1, "MAP_SHARED"), N(2, "MAP_PRIVATE"), N(3, "MAP_SHARED_VALIDATE")});
constexpr auto kMapFlags =
    std::to_array<Symbol>({S(MAP_FIXED), S(MAP_ANONYMOUS), N(0x40, "MAP_32BIT"), S(MAP_NORESERVE), S(MAP_POPULATE),
                           S(MAP_NONBLOCK), S(MAP_GROWSDOWN), S(MAP_DENYWRITE), S(MAP_EXECUTABLE), S(MAP_LOCKED),
                           S(MAP_STACK), S(MAP_HUGETLB), S(MAP_SYNC), S(MAP_FIXED_NOREPLACE)});
constexpr auto kRemap = std::to_array<Symbol>({S(MREMAP_MAYMOVE), S(MREMAP_FIXED), N(4, "MREMAP_DONTUNMAP")});
constexpr auto kAdvice = std::to_array<Symbol>({S(MADV_NORMAL),
                                                S(MADV_RANDOM),
                                                S(MADV_SEQUENTIAL),
                                                S(MADV_WILLNEED),
                                                S(MADV_DONTNEED),
                                                S(MADV_FREE),
                                                S(MADV_REMOVE),
                                                S(MADV_DONTFORK),
                                                S(MADV_DOFORK),
                                                S(MADV_MERGEABLE),
                                                S(MADV_UNMERGEABLE),
                                                S(MADV_HUGEPAGE),
                                                S(MADV_NOHUGEPAGE),
                                                S(MADV_DONTDUMP),
                                                S(MADV_DODUMP),
                                                S(MADV_WIPEONFORK),
                                                S(MADV_KEEPONFORK),
                                                S(MADV_COLD),
                                                S(MADV_PAGEOUT),
                                                N(22, "MADV_POPULATE_READ"),
                                                N(23, "MADV_POPULATE_WRITE")});
constexpr auto kMsync = std::to_array<Symbol>({S(MS_ASYNC), S(MS_INVALIDATE), S(MS_SYNC)});
constexpr auto kSignals = std::to_array<Symbol>(
    {S(SIGHUP),  S(SIGINT),    S(SIGQUIT), S(SIGILL),   S(SIGTRAP), S(SIGABRT), S(SIGBUS),  S(SIGFPE),
     S(SIGKILL), S(SIGUSR1),   S(SIGSEGV), S(SIGUSR2),  S(SIGPIPE), S(SIGALRM), S(SIGTERM), S(SIGSTKFLT),
     S(SIGCHLD), S(SIGCONT),   S(SIGSTOP), S(SIGTSTP),  S(SIGTTIN), S(SIGTTOU), S(SIGURG),  S(SIGXCPU),
     S(SIGXFSZ), S(SIGVTALRM), S(SIGPROF), S(SIGWINCH), S(SIGIO),   S(SIGPWR),  S(SIGSYS),  N(32, "SIGRTMIN")});
constexpr auto kCloneFlags = std::to_array<Symbol>({S(CLONE_VM),
                                                    S(CLONE_FS),
                                                    S(CLONE_FILES),
                                                    S(CLONE_SIGHAND),
                                                    S(CLONE_PIDFD),
                                                    S(CLONE_PTRACE),
                                                    S(CLONE_VFORK),
                                                    S(CLONE_PARENT),
                                                    S(CLONE_THREAD),
                                                    S(CLONE_NEWNS),
                                                    S(CLONE_SYSVSEM),
                                                    S(CLONE_SETTLS),
                                                    S(CLONE_PARENT_SETTID),
                                                    S(CLONE_CHILD_CLEARTID),
                                                    S(CLONE_DETACHED),
                                                    S(CLONE_UNTRACED),
                                                    S(CLONE_CHILD_SETTID),
                                                    S(CLONE_NEWCGROUP),
                                                    S(CLONE_NEWUTS),
                                                    S(CLONE_NEWIPC),
                                                    S(CLONE_NEWUSER),
                                                    S(CLONE_NEWPID),
                                                    S(CLONE_NEWNET),
                                                    S(CLONE_IO),
                                                    N(0x100000000, "CLONE_CLEAR_SIGHAND"),
                                                    N(0x200000000, "CLONE_INTO_CGROUP")});
constexpr auto kFamilies =
    std::to_array<Symbol>({S(AF_UNSPEC), S(AF_UNIX), S(AF_INET), S(AF_INET6), S(AF_NETLINK), S(AF_PACKET), S(AF_ALG),
                           S(AF_VSOCK), S(AF_BLUETOOTH), S(AF_KEY), S(AF_TIPC), S(AF_CAN), S(AF_XDP)});
constexpr auto kSocketTypes = std::to_array<Symbol>(
    {S(SOCK_STREAM), S(SOCK_DGRAM), S(SOCK_RAW), S(SOCK_RDM), S(SOCK_SEQPACKET), S(SOCK_DCCP), S(SOCK_PACKET)});
constexpr auto kSocketFlags = std::to_array<Symbol>({S(SOCK_CLOEXEC), S(SOCK_NONBLOCK)});
constexpr auto kProtocols =
    std::to_array<Symbol>({N(0, "IPPROTO_IP"), N(1, "IPPROTO_ICMP"), N(6, "IPPROTO_TCP"), N(17, "IPPROTO_UDP"),
                           N(41, "IPPROTO_IPV6"), N(58, "IPPROTO_ICMPV6"), N(255, "IPPROTO_RAW")});
constexpr auto kMessageFlags =
    std::to_array<Symbol>({S(MSG_OOB), S(MSG_PEEK), S(MSG_DONTROUTE), S(MSG_CTRUNC), S(MSG_TRUNC), S(MSG_DONTWAIT),
                           S(MSG_EOR), S(MSG_WAITALL), S(MSG_CONFIRM), S(MSG_ERRQUEUE), S(MSG_NOSIGNAL), S(MSG_MORE),
                           S(MSG_WAITFORONE), S(MSG_FASTOPEN), S(MSG_CMSG_CLOEXEC)});
constexpr auto kShutdown = std::to_array<Symbol>({S(SHUT_RD), S(SHUT_WR), S(SHUT_RDWR)});
constexpr auto kSocketLevels = std::to_array<Symbol>(
    {S(SOL_SOCKET), N(0, "SOL_IP"), N(6, "SOL_TCP"), N(17, "SOL_UDP"), N(41, "SOL_IPV6"), N(270, "SOL_NETLINK")});
constexpr auto kSocketOptions = std::to_array<Symbol>(
    {S(SO_DEBUG),        S(SO_REUSEADDR),     S(SO_TYPE),          S(SO_ERROR),     S(SO_DONTROUTE),  S(SO_BROADCAST),
     S(SO_SNDBUF),       S(SO_RCVBUF),        S(SO_KEEPALIVE),     S(SO_OOBINLINE), S(SO_NO_CHECK),   S(SO_PRIORITY),
     S(SO_LINGER),       S(SO_REUSEPORT),     S(SO_PASSCRED),      S(SO_PEERCRED),  S(SO_RCVLOWAT),   S(SO_SNDLOWAT),
     S(SO_BINDTODEVICE), S(SO_ATTACH_FILTER), S(SO_DETACH_FILTER), S(SO_PEERNAME),  S(SO_ACCEPTCONN), S(SO_PEERSEC),
     S(SO_SNDBUFFORCE),  S(SO_RCVBUFFORCE),   S(SO_PASSSEC),       S(SO_MARK),      S(SO_PROTOCOL),   S(SO_DOMAIN),
     S(SO_PEERGROUPS)});
constexpr auto kPoll = std::to_array<Symbol>({S(POLLIN), S(POLLPRI), S(POLLOUT), S(POLLERR), S(POLLHUP), S(POLLNVAL),
                                              N(0x40, "POLLRDNORM"), N(0x80, "POLLRDBAND"), N(0x100, "POLLWRNORM"),
                                              N(0x200, "POLLWRBAND"), N(0x2000, "POLLRDHUP")});
constexpr auto kEpoll = std::to_array<Symbol>(
    {S(EPOLLIN), S(EPOLLPRI), S(EPOLLOUT), S(EPOLLERR), S(EPOLLHUP), S(EPOLLRDNORM), S(EPOLLRDBAND), S(EPOLLWRNORM),
     S(EPOLLWRBAND), S(EPOLLMSG), S(EPOLLRDHUP), S(EPOLLEXCLUSIVE), S(EPOLLWAKEUP), S(EPOLLONESHOT), S(EPOLLET)});
constexpr auto kEpollControl = std::to_array<Symbol>({S(EPOLL_CTL_ADD), S(EPOLL_CTL_DEL), S(EPOLL_CTL_MOD)});
constexpr auto kEpollCreate = std::to_array<Symbol>({S(EPOLL_CLOEXEC)});
constexpr auto kWait =
    std::to_array<Symbol>({S(WNOHANG), S(WUNTRACED), S(WEXITED), S(WCONTINUED), S(WNOWAIT),
                           N(0x20000000, "__WNOTHREAD"), N(0x40000000, "__WALL"), N(0x80000000, "__WCLONE")});
constexpr auto kWaitIds = std::to_array<Symbol>({N(0, "P_ALL"), N(1, "P_PID"), N(2, "P_PGID"), N(3, "P_PIDFD")});
constexpr auto kWhence =
    std::to_array<Symbol>({N(0, "SEEK_SET"), N(1, "SEEK_CUR"), N(2, "SEEK_END"), N(3, "SEEK_DATA"), N(4, "SEEK_HOLE")});
constexpr auto kFcntl = std::to_array<Symbol>({S(F_DUPFD),
                                               S(F_GETFD),
                                               S(F_SETFD),
                                               S(F_GETFL),
                                               S(F_SETFL),
                                               S(F_GETLK),
                                               S(F_SETLK),
                                               S(F_SETLKW),
                                               S(F_SETOWN),
                                               S(F_GETOWN),
                                               N(10, "F_SETSIG"),
                                               N(11, "F_GETSIG"),
                                               N(15, "F_SETOWN_EX"),
                                               N(16, "F_GETOWN_EX"),
                                               N(36, "F_OFD_GETLK"),
                                               N(37, "F_OFD_SETLK"),
                                               N(38, "F_OFD_SETLKW"),
                                               N(1024, "F_SETLEASE"),
                                               N(1025, "F_GETLEASE"),
                                               N(1026, "F_NOTIFY"),
                                               S(F_DUPFD_CLOEXEC),
                                               N(1031, "F_SETPIPE_SZ"),
                                               N(1032, "F_GETPIPE_SZ"),
                                               N(1033, "F_ADD_SEALS"),
                                               N(1034, "F_GET_SEALS")});
constexpr auto kFlock = std::to_array<Symbol>({S(LOCK_SH), S(LOCK_EX), S(LOCK_NB), S(LOCK_UN)});
constexpr auto kFadvise =
    std::to_array<Symbol>({S(POSIX_FADV_NORMAL), S(POSIX_FADV_RANDOM), S(POSIX_FADV_SEQUENTIAL), S(POSIX_FADV_WILLNEED),
                           S(POSIX_FADV_DONTNEED), S(POSIX_FADV_NOREUSE)});
constexpr auto kFallocate = std::to_array<Symbol>({N(1, "FALLOC_FL_KEEP_SIZE"), N(2, "FALLOC_FL_PUNCH_HOLE"),
                                                   N(8, "FALLOC_FL_COLLAPSE_RANGE"), N(16, "FALLOC_FL_ZERO_RANGE"),
                                                   N(32, "FALLOC_FL_INSERT_RANGE"), N(64, "FALLOC_FL_UNSHARE_RANGE")});
constexpr auto kRename =
    std::to_array<Symbol>({N(1, "RENAME_NOREPLACE"), N(2, "RENAME_EXCHANGE"), N(4, "RENAME_WHITEOUT")});
constexpr auto kMemfd = std::to_array<Symbol>(
    {S(MFD_CLOEXEC), S(MFD_ALLOW_SEALING), S(MFD_HUGETLB), N(8, "MFD_NOEXEC_SEAL"), N(16, "MFD_EXEC")});
constexpr auto kRandom = std::to_array<Symbol>({S(GRND_NONBLOCK), S(GRND_RANDOM), N(4, "GRND_INSECURE")});
constexpr auto kEventfd = std::to_array<Symbol>({S(EFD_SEMAPHORE), S(EFD_CLOEXEC), S(EFD_NONBLOCK)});
constexpr auto kInotifyInit = std::to_array<Symbol>({S(IN_CLOEXEC), S(IN_NONBLOCK)});
constexpr auto kInotify = std::to_array<Symbol>(
    {S(IN_ACCESS), S(IN_MODIFY), S(IN_ATTRIB), S(IN_CLOSE_WRITE), S(IN_CLOSE_NOWRITE), S(IN_OPEN), S(IN_MOVED_FROM),
     S(IN_MOVED_TO), S(IN_CREATE), S(IN_DELETE), S(IN_DELETE_SELF), S(IN_MOVE_SELF), S(IN_ONLYDIR), S(IN_DONT_FOLLOW),
     S(IN_EXCL_UNLINK), S(IN_MASK_ADD), S(IN_ISDIR), S(IN_ONESHOT)});
constexpr auto kSplice = std::to_array<Symbol>(
    {N(1, "SPLICE_F_MOVE"), N(2, "SPLICE_F_NONBLOCK"), N(4, "SPLICE_F_MORE"), N(8, "SPLICE_F_GIFT")});
constexpr auto kMount = std::to_array<Symbol>(
    {S(MS_RDONLY),   S(MS_NOSUID),   S(MS_NODEV),      S(MS_NOEXEC),     S(MS_SYNCHRONOUS), S(MS_REMOUNT),
     S(MS_MANDLOCK), S(MS_DIRSYNC),  S(MS_NOATIME),    S(MS_NODIRATIME), S(MS_BIND),        S(MS_MOVE),
     S(MS_REC),      S(MS_SILENT),   S(MS_POSIXACL),   S(MS_UNBINDABLE), S(MS_PRIVATE),     S(MS_SLAVE),
     S(MS_SHARED),   S(MS_RELATIME), S(MS_STRICTATIME)});
constexpr auto kUmount = std::to_array<Symbol>({S(MNT_FORCE), S(MNT_DETACH), S(MNT_EXPIRE), S(UMOUNT_NOFOLLOW)});
constexpr auto kResources = std::to_array<Symbol>(
    {S(RLIMIT_CPU), S(RLIMIT_FSIZE), S(RLIMIT_DATA), S(RLIMIT_STACK), S(RLIMIT_CORE), S(RLIMIT_RSS), S(RLIMIT_NPROC),
     S(RLIMIT_NOFILE), S(RLIMIT_MEMLOCK), S(RLIMIT_AS), S(RLIMIT_LOCKS), S(RLIMIT_SIGPENDING), S(RLIMIT_MSGQUEUE),
     S(RLIMIT_NICE), S(RLIMIT_RTPRIO), S(RLIMIT_RTTIME)});
constexpr auto kCapabilities = std::to_array<Symbol>(
    {S(CAP_CHOWN), S(CAP_DAC_OVERRIDE), S(CAP_DAC_READ_SEARCH), S(CAP_FOWNER), S(CAP_FSETID), S(CAP_KILL),
     S(CAP_SETGID), S(CAP_SETUID), S(CAP_SETPCAP), S(CAP_LINUX_IMMUTABLE), S(CAP_NET_BIND_SERVICE),
     S(CAP_NET_BROADCAST), S(CAP_NET_ADMIN), S(CAP_NET_RAW), S(CAP_IPC_LOCK), S(CAP_IPC_OWNER), S(CAP_SYS_MODULE),
     S(CAP_SYS_RAWIO), S(CAP_SYS_CHROOT), S(CAP_SYS_PTRACE), S(CAP_SYS_PACCT), S(CAP_SYS_ADMIN), S(CAP_SYS_BOOT),
     S(CAP_SYS_NICE), S(CAP_SYS_RESOURCE), S(CAP_SYS_TIME), S(CAP_SYS_TTY_CONFIG), S(CAP_MKNOD), S(CAP_LEASE),
     S(CAP_AUDIT_WRITE), S(CAP_AUDIT_CONTROL), S(CAP_SETFCAP), S(CAP_MAC_OVERRIDE), S(CAP_MAC_ADMIN), S(CAP_SYSLOG),
     S(CAP_WAKE_ALARM), S(CAP_BLOCK_SUSPEND), S(CAP_AUDIT_READ), S(CAP_PERFMON), S(CAP_BPF),
     S(CAP_CHECKPOINT_RESTORE)});
constexpr auto kUsageOf = std::to_array<Symbol>({N(0, "RUSAGE_SELF"), N(static_cast<uint32_t>(-1), "RUSAGE_CHILDREN"),
                                                 N(-1, "RUSAGE_CHILDREN"), N(1, "RUSAGE_THREAD")});
constexpr auto kSigprocmask = std::to_array<Symbol>({S(SIG_BLOCK), S(SIG_UNBLOCK), S(SIG_SETMASK)});
constexpr auto kSigaction = std::to_array<Symbol>(
    {N(0x04000000, "SA_RESTORER"), S(SA_ONSTACK), S(SA_RESTART), N(0x20000000, "SA_INTERRUPT"), S(SA_NODEFER),
     N(0x80000000, "SA_RESETHAND"), S(SA_SIGINFO), S(SA_NOCLDSTOP), S(SA_NOCLDWAIT)});
constexpr auto kHandlers = std::to_array<Symbol>({N(0, "SIG_DFL"), N(1, "SIG_IGN"), N(-1, "SIG_ERR")});
constexpr auto kClocks = std::to_array<Symbol>({S(CLOCK_REALTIME), S(CLOCK_MONOTONIC), S(CLOCK_PROCESS_CPUTIME_ID),
                                                S(CLOCK_THREAD_CPUTIME_ID), S(CLOCK_MONOTONIC_RAW),
                                                S(CLOCK_REALTIME_COARSE), S(CLOCK_MONOTONIC_COARSE), S(CLOCK_BOOTTIME),
                                                S(CLOCK_REALTIME_ALARM), S(CLOCK_BOOTTIME_ALARM), S(CLOCK_TAI)});
constexpr auto kTimer = std::to_array<Symbol>({S(TIMER_ABSTIME)});
constexpr auto kTimerfd = std::to_array<Symbol>({N(02000000, "TFD_CLOEXEC"), N(04000, "TFD_NONBLOCK")});
constexpr auto kIntervalTimers =
    std::to_array<Symbol>({N(0, "ITIMER_REAL"), N(1, "ITIMER_VIRTUAL"), N(2, "ITIMER_PROF")});
constexpr auto kFutexOperations = std::to_array<Symbol>(
    {S(FUTEX_WAIT), S(FUTEX_WAKE), S(FUTEX_FD), S(FUTEX_REQUEUE), S(FUTEX_CMP_REQUEUE), S(FUTEX_WAKE_OP),
     S(FUTEX_LOCK_PI), S(FUTEX_UNLOCK_PI), S(FUTEX_TRYLOCK_PI), S(FUTEX_WAIT_BITSET), S(FUTEX_WAKE_BITSET),
     S(FUTEX_WAIT_REQUEUE_PI), S(FUTEX_CMP_REQUEUE_PI), N(13, "FUTEX_LOCK_PI2")});
constexpr auto kFutexFlags = std::to_array<Symbol>({S(FUTEX_CLOCK_REALTIME)});
constexpr auto kPrctl = std::to_array<Symbol>({S(PR_SET_PDEATHSIG),
                                               S(PR_GET_PDEATHSIG),
                                               S(PR_GET_DUMPABLE),
                                               S(PR_SET_DUMPABLE),
                                               S(PR_SET_KEEPCAPS),
                                               S(PR_GET_KEEPCAPS),
                                               S(PR_SET_NAME),
                                               S(PR_GET_NAME),
                                               S(PR_SET_SECCOMP),
                                               S(PR_GET_SECCOMP),
                                               S(PR_CAPBSET_READ),
                                               S(PR_CAPBSET_DROP),
                                               S(PR_SET_SECUREBITS),
                                               S(PR_GET_SECUREBITS),
                                               S(PR_SET_TIMERSLACK),
                                               S(PR_GET_TIMERSLACK),
                                               S(PR_SET_MM),
                                               S(PR_SET_CHILD_SUBREAPER),
                                               S(PR_GET_CHILD_SUBREAPER),
                                               S(PR_SET_NO_NEW_PRIVS),
                                               S(PR_GET_NO_NEW_PRIVS),
                                               S(PR_SET_THP_DISABLE),
                                               S(PR_GET_THP_DISABLE),
                                               S(PR_CAP_AMBIENT),
                                               S(PR_SET_PTRACER),
                                               N(0x53564d41, "PR_SET_VMA")});
constexpr auto kArchPrctl = std::to_array<Symbol>(
    {N(0x1001, "ARCH_SET_GS"), N(0x1002, "ARCH_SET_FS"), N(0x1003, "ARCH_GET_FS"), N(0x1004, "ARCH_GET_GS"),
     N(0x1011, "ARCH_GET_CPUID"), N(0x1012, "ARCH_SET_CPUID"), N(0x3001, "ARCH_CET_STATUS")});
constexpr auto kIoctl = std::to_array<Symbol>({N(0x5401, "TCGETS"),
                                               N(0x5402, "TCSETS"),
                                               N(0x5403, "TCSETSW"),
                                               N(0x5404, "TCSETSF"),
                                               N(0x5409, "TCSBRK"),
                                               N(0x540b, "TCFLSH"),
                                               N(0x540e, "TIOCSCTTY"),
                                               N(0x540f, "TIOCGPGRP"),
                                               N(0x5410, "TIOCSPGRP"),
                                               N(0x5411, "TIOCOUTQ"),
                                               N(0x5413, "TIOCGWINSZ"),
                                               N(0x5414, "TIOCSWINSZ"),
                                               N(0x541b, "FIONREAD"),
                                               N(0x5421, "FIONBIO"),
                                               N(0x5422, "TIOCNOTTY"),
                                               N(0x5429, "TIOCGSID"),
                                               N(0x5450, "FIONCLEX"),
                                               N(0x5451, "FIOCLEX"),
                                               N(0x5452, "FIOASYNC"),
                                               N(0x80045430, "TIOCGPTN"),
                                               N(0x40045431, "TIOCSPTLCK"),
                                               N(0x5441, "TIOCGPTPEER"),
                                               N(0x1260, "BLKGETSIZE"),
                                               N(0x80081272, "BLKGETSIZE64"),
                                               N(0x1268, "BLKSSZGET"),
                                               N(0x40049409, "FICLONE"),
                                               N(0x4020940d, "FICLONERANGE"),
                                               N(0x80086601, "FS_IOC_GETFLAGS"),
                                               N(0x40086602, "FS_IOC_SETFLAGS"),
                                               N(0xc020660b, "FS_IOC_FIEMAP"),
                                               N(0x8910, "SIOCGIFNAME"),
                                               N(0x8912, "SIOCGIFCONF"),
                                               N(0x8913, "SIOCGIFFLAGS"),
                                               N(0x8915, "SIOCGIFADDR"),
                                               N(0x8927, "SIOCGIFHWADDR"),
                                               N(0x8933, "SIOCGIFINDEX"),
                                               N(0x2400, "PERF_EVENT_IOC_ENABLE"),
                                               N(0x2401, "PERF_EVENT_IOC_DISABLE"),
                                               N(0x40042408, "PERF_EVENT_IOC_SET_BPF")});
constexpr auto kUnshare = kCloneFlags;
constexpr auto kMembarrier = std::to_array<Symbol>({N(0, "MEMBARRIER_CMD_QUERY"), N(1, "MEMBARRIER_CMD_GLOBAL"),
                                                    N(8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"),
                                                    N(16, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED")});
constexpr auto kCloseRange = std::to_array<Symbol>({N(2, "CLOSE_RANGE_UNSHARE"), N(4, "CLOSE_RANGE_CLOEXEC")});
constexpr auto kFdFlags = std::to_array<Symbol>({S(FD_CLOEXEC)});
constexpr auto kFileTypes =
    std::to_array<Symbol>({S(S_IFREG), S(S_IFDIR), S(S_IFLNK), S(S_IFCHR), S(S_IFBLK), S(S_IFIFO), S(S_IFSOCK)});
constexpr auto kBpf = std::to_array<Symbol>({N(0, "BPF_MAP_CREATE"),        N(1, "BPF_MAP_LOOKUP_ELEM"),
                                             N(2, "BPF_MAP_UPDATE_ELEM"),   N(3, "BPF_MAP_DELETE_ELEM"),
                                             N(4, "BPF_MAP_GET_NEXT_KEY"),  N(5, "BPF_PROG_LOAD"),
                                             N(6, "BPF_OBJ_PIN"),           N(7, "BPF_OBJ_GET"),
                                             N(8, "BPF_PROG_ATTACH"),       N(9, "BPF_PROG_DETACH"),
                                             N(10, "BPF_PROG_TEST_RUN"),    N(11, "BPF_PROG_GET_NEXT_ID"),
                                             N(12, "BPF_MAP_GET_NEXT_ID"),  N(13, "BPF_PROG_GET_FD_BY_ID"),
                                             N(14, "BPF_MAP_GET_FD_BY_ID"), N(15, "BPF_OBJ_GET_INFO_BY_FD"),
                                             N(16, "BPF_PROG_QUERY"),       N(17, "BPF_RAW_TRACEPOINT_OPEN"),
                                             N(18, "BPF_BTF_LOAD"),         N(19, "BPF_BTF_GET_FD_BY_ID"),
                                             N(20, "BPF_TASK_FD_QUERY"),    N(24, "BPF_MAP_LOOKUP_BATCH"),
                                             N(28, "BPF_LINK_CREATE"),      N(32, "BPF_ENABLE_STATS")});
constexpr auto kErrors = std::to_array<Symbol>({
    // clang-format off
    S(EPERM), S(ENOENT), S(ESRCH), S(EINTR), S(EIO), S(ENXIO), S(E2BIG), S(ENOEXEC), S(EBADF), S(ECHILD), S(EAGAIN),
    S(ENOMEM), S(EACCES), S(EFAULT), S(ENOTBLK), S(EBUSY), S(EEXIST), S(EXDEV), S(ENODEV), S(ENOTDIR), S(EISDIR),
    S(EINVAL), S(ENFILE), S(EMFILE), S(ENOTTY), S(ETXTBSY), S(EFBIG), S(ENOSPC), S(ESPIPE), S(EROFS), S(EMLINK),
    S(EPIPE), S(EDOM), S(ERANGE), S(EDEADLK), S(ENAMETOOLONG), S(ENOLCK), S(ENOSYS), S(ENOTEMPTY), S(ELOOP),
    S(ENOMSG), S(EIDRM), S(ENOSTR), S(ENODATA), S(ETIME), S(EREMOTE), S(ENOLINK), S(EPROTO), S(EBADMSG),
    S(EOVERFLOW), S(EILSEQ), S(EUSERS), S(ENOTSOCK), S(EDESTADDRREQ), S(EMSGSIZE), S(EPROTOTYPE), S(ENOPROTOOPT),
    S(EPROTONOSUPPORT), S(ESOCKTNOSUPPORT), S(EOPNOTSUPP), S(EPFNOSUPPORT), S(EAFNOSUPPORT), S(EADDRINUSE),
    S(EADDRNOTAVAIL), S(ENETDOWN), S(ENETUNREACH), S(ENETRESET), S(ECONNABORTED), S(ECONNRESET), S(ENOBUFS),
    S(EISCONN), S(ENOTCONN), S(ESHUTDOWN), S(ETOOMANYREFS), S(ETIMEDOUT), S(ECONNREFUSED), S(EHOSTDOWN),
    S(EHOSTUNREACH), S(EALREADY), S(EINPROGRESS), S(ESTALE), S(EUCLEAN), S(EDQUOT), S(ENOMEDIUM), S(EMEDIUMTYPE),
    S(ECANCELED), S(ENOKEY), S(EKEYEXPIRED), S(EKEYREVOKED), S(EKEYREJECTED), S(EOWNERDEAD), S(ENOTRECOVERABLE),
    // To the kernel alone (include/linux/errno.h).
    N(512, "ERESTARTSYS"), N(513, "ERESTARTNOINTR"), N(514, "ERESTARTNOHAND"), N(516, "ERESTART_RESTARTBLOCK"),
    N(524, "ENOTSUPP"),
    // clang-format on
});

#undef S
#undef N

constexpr uint64_t kAllBits = UINT64_MAX;

constexpr auto kTables = std::to_array<SymbolTable>({
    {"access", kAccess, kAccessNone, 7},
    {"af", {}, kFamilies, kAllBits},
    {"arch_prctl", {}, kArchPrctl, kAllBits},
    {"at", kAt},
    {"bpf", {}, kBpf, kAllBits},
    {"capability", {}, kCapabilities, kAllBits},
    {"clock", {}, kClocks, kAllBits},
    {"clone", kCloneFlags, kSignals, 0xff},
    {"close_range", kCloseRange},
    {"dirfd", {}, kDirfds, kAllBits},
    {"epoll", kEpoll},
    {"epoll_create", kEpollCreate},
    {"epoll_ctl", {}, kEpollControl, kAllBits},
    {"errno", {}, kErrors, kAllBits},
    {"eventfd", kEventfd},
    {"faccessat", kFaccessAt},
    {"fadvise", {}, kFadvise, kAllBits},
    {"fallocate", kFallocate},
    {"fcntl", {}, kFcntl, kAllBits},
    {"fd", kFdFlags},
    {"file_type", {}, kFileTypes, kAllBits},
    {"flock", kFlock},
    {"futex", kFutexFlags, kFutexOperations, 0x7f},
    {"getrandom", kRandom},
    {"inotify", kInotify},
    {"inotify_init", kInotifyInit},
    {"ioctl", {}, kIoctl, kAllBits},
    {"itimer", {}, kIntervalTimers, kAllBits},
    {"madvise", {}, kAdvice, kAllBits},
    {"membarrier", {}, kMembarrier, kAllBits},
    {"memfd", kMemfd},
    {"mmap", kMapFlags, kMapKinds, 3},
    {"mount", kMount},
    {"mremap", kRemap},
    {"msg", kMessageFlags},
    {"msync", kMsync},
    {"open", kOpenFlags, kOpenModes, 3},
    {"pipe", kOpenFlags},
    {"poll", kPoll},
    {"prctl", {}, kPrctl, kAllBits},
    {"prot", kProtections, kNoProtection, 0x0300000f},
    {"protocol", {}, kProtocols, kAllBits},
    {"rename", kRename},
    {"rlimit", {}, kResources, kAllBits},
    {"rusage", {}, kUsageOf, kAllBits},
    {"shutdown", {}, kShutdown, kAllBits},
    {"sigaction", kSigaction},
    {"sighandler", {}, kHandlers, kAllBits},
    {"signal", {}, kSignals, kAllBits},
    {"sigprocmask", {}, kSigprocmask, kAllBits},
    {"sockflags", kSocketFlags},
    {"socklevel", {}, kSocketLevels, kAllBits},
    {"sockopt", {}, kSocketOptions, kAllBits},
    {"socktype", kSocketFlags, kSocketTypes, 0xf},
    {"splice", kSplice},
    {"statx", kStatxAt, kStatxSync, 0x6000},
    {"statx_mask", kStatxMask},
    {"timer", kTimer},
    {"timerfd", kTimerfd},
    {"umount", kUmount},
    {"unshare", kUnshare},
    {"wait", kWait},
    {"waitid", {}, kWaitIds, kAllBits},
    {"whence", {}, kWhence, kAllBits},
});
static_assert(std::ranges::is_sorted(kTables, {}, &SymbolTable::name));

std::string_view NameIn(std::span<const Symbol> symbols, uint64_t value) {
  const auto found = std::ranges::find(symbols, value, &Symbol::value);
  return found == symbols.end() ? std::string_view() : found->name;
}

}  // namespace

const SymbolTable* FindSymbols(std::string_view table) {
  const auto* found = std::ranges::lower_bound(kTables, table, {}, &SymbolTable::name);
  return found != kTables.end() && found->name == table ? &*found : nullptr;
}

std::vector<std::string_view> SymbolTableNames() {
  std::vector<std::string_view> names{"mode"};
  for (const SymbolTable& table : kTables) names.push_back(table.name);
  return names;
}

std::string SymbolicText(const SymbolTable& table, uint64_t value) {
  std::string text;
  auto add = [&](std::string_view part) {
    if (!text.empty()) text += '|';
    text += part;
  };
  uint64_t left = value;
  std::string_view choice = table.mask == 0 ? std::string_view() : NameIn(table.values, value & table.mask);
  // "None of them" is only said where there is nothing else, but for a choice that is always made.
  bool chosen = !choice.empty() && ((value & table.mask) != 0 || value == 0 || table.values.size() > 1);
  bool first = table.flags.empty() || table.name != "clone";
  if (chosen && first) add(choice);
  if (chosen) left &= ~table.mask;
  for (const Symbol& flag : table.flags) {
    if (flag.value == 0 || (left & flag.value) != flag.value) continue;
    add(flag.name);
    left &= ~flag.value;
  }
  if (chosen && !first) add(choice);
  if (text.empty()) {
    // A number that is no set reads best as what it is.
    if (value == 0) return "0";
    bool is_small = table.flags.empty() && static_cast<int64_t>(static_cast<int32_t>(value)) < 4096 &&
                    static_cast<int32_t>(value) > -4096 && (value >> 32 == 0 || value >> 32 == UINT32_MAX);
    return is_small ? fmt::format("{}", static_cast<int32_t>(value)) : fmt::format("{:#x}", value);
  }
  if (left != 0) add(fmt::format("{:#x}", left));
  return text;
}

std::string SymbolicText(std::string_view table, uint64_t value) {
  if (table == "signal" && value > 32 && value <= 64) return fmt::format("SIGRT_{}", value - 32);
  if (table == "mode") return value == 0 ? "000" : fmt::format("{:#03o}", value & 07777777);
  const SymbolTable* found = FindSymbols(table);
  return found == nullptr ? fmt::format("{:#x}", value) : SymbolicText(*found, value);
}

std::string_view SymbolOf(std::string_view table, uint64_t value) {
  const SymbolTable* found = FindSymbols(table);
  return found == nullptr ? std::string_view() : NameIn(found->values, value);
}

}  // namespace sonde::image
