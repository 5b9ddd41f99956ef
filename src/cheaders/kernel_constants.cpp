#include "cheaders/kernel_constants.h"

#include <algorithm>
#include <array>

namespace sonde::cheaders {
namespace {

// Sources: the headers named in the rows, Linux 6.18, and their history for `since`. Left out on purpose: what differs
// between configurations (HZ, TASK_STATE_MAX, GFP_*) or has been renumbered lately.
constexpr auto kRows = std::to_array<KernelConstantRow>({
    // clang-format off
    {"AF_INET", 2, "linux/socket.h", "2.6", "address family: IPv4"},
    {"AF_INET6", 10, "linux/socket.h", "2.6", "address family: IPv6"},
    {"AF_NETLINK", 16, "linux/socket.h", "2.6", "address family: netlink"},
    {"AF_PACKET", 17, "linux/socket.h", "2.6", "address family: packets of a device"},
    {"AF_UNIX", 1, "linux/socket.h", "2.6", "address family: local"},
    {"AF_UNSPEC", 0, "linux/socket.h", "2.6", "no address family"},
    {"AF_VSOCK", 40, "linux/socket.h", "3.9", "address family: virtual machines"},
    {"BLOCK_SOFTIRQ", 4, "linux/interrupt.h", "2.6.31", "softirq of completed block requests"},
    {"DEFAULT_PRIO", 120, "linux/sched/prio.h", "3.15", "priority of nice 0"},
    {"EXIT_DEAD", 0x10, "linux/sched.h", "3.15", "about to be released; was 0x20 before"},
    {"EXIT_TRACE", 0x30, "linux/sched.h", "3.15", "EXIT_ZOMBIE | EXIT_DEAD"},
    {"EXIT_ZOMBIE", 0x20, "linux/sched.h", "3.15", "exited, not waited for; was 0x10 before"},
    {"FMODE_READ", 0x1, "linux/fs.h", "2.6", "flag of an open file: readable"},
    {"FMODE_WRITE", 0x2, "linux/fs.h", "2.6", "flag of an open file: writable"},
    {"HI_SOFTIRQ", 0, "linux/interrupt.h", "2.6.31", "softirq of tasklets of high priority"},
    {"HRTIMER_SOFTIRQ", 8, "linux/interrupt.h", "2.6.31", "softirq of high-resolution timers"},
    {"IRQ_POLL_SOFTIRQ", 5, "linux/interrupt.h", "4.5", "softirq of polled block devices"},
    {"MAX_ERRNO", 4095, "linux/err.h", "2.6.19", "pointers from -MAX_ERRNO on are errors"},
    {"MAX_PRIO", 140, "linux/sched/prio.h", "2.6", "priorities are below"},
    {"MAX_RT_PRIO", 100, "linux/sched/prio.h", "2.6", "priorities below are real-time"},
    {"MINORBITS", 20, "linux/kdev_t.h", "2.6", "bits of the minor number in a dev_t of the kernel"},
    {"MINORMASK", 0xfffff, "linux/kdev_t.h", "2.6", "mask of the minor number"},
    {"MSEC_PER_SEC", 1000, "vdso/time64.h", "2.6", "milliseconds in a second"},
    {"NET_RX_SOFTIRQ", 3, "linux/interrupt.h", "2.6.31", "softirq of network reception"},
    {"NET_TX_SOFTIRQ", 2, "linux/interrupt.h", "2.6.31", "softirq of network transmission"},
    {"NICE_WIDTH", 40, "linux/sched/prio.h", "3.15", "how many nice values there are"},
    {"NR_SOFTIRQS", 10, "linux/interrupt.h", "2.6.31", "how many softirqs there are"},
    {"NSEC_PER_MSEC", 1'000'000, "vdso/time64.h", "2.6", "nanoseconds in a millisecond"},
    {"NSEC_PER_SEC", 1'000'000'000, "vdso/time64.h", "2.6", "nanoseconds in a second"},
    {"NSEC_PER_USEC", 1000, "vdso/time64.h", "2.6", "nanoseconds in a microsecond"},
    {"PAGE_MASK", -4096, "asm/page_types.h", "2.6", "x86: the bits of an address that name its page"},
    {"PAGE_SHIFT", 12, "asm/page_types.h", "2.6", "x86: a page is 1 << PAGE_SHIFT bytes"},
    {"PAGE_SIZE", 4096, "asm/page_types.h", "2.6", "x86: bytes of a page"},
    {"PF_DUMPCORE", 0x200, "linux/sched.h", "2.6", "flag of a task: dumps core"},
    {"PF_EXITING", 0x4, "linux/sched.h", "2.6", "flag of a task: is exiting"},
    {"PF_FORKNOEXEC", 0x40, "linux/sched.h", "2.6", "flag of a task: forked and has not called exec"},
    {"PF_IDLE", 0x2, "linux/sched.h", "4.10", "flag of a task: idle thread"},
    {"PF_IO_WORKER", 0x10, "linux/sched.h", "5.12", "flag of a task: io_uring worker"},
    {"PF_KSWAPD", 0x20000, "linux/sched.h", "4.13", "flag of a task: kswapd"},
    {"PF_KTHREAD", 0x200000, "linux/sched.h", "2.6.27", "flag of a task: kernel thread"},
    {"PF_MEMALLOC", 0x800, "linux/sched.h", "2.6", "flag of a task: frees memory, may use the reserves"},
    {"PF_NO_SETAFFINITY", 0x4000000, "linux/sched.h", "3.10", "flag of a task: user space may not change its CPUs"},
    {"PF_RANDOMIZE", 0x400000, "linux/sched.h", "2.6.13", "flag of a task: randomised address space"},
    {"PF_SIGNALED", 0x400, "linux/sched.h", "2.6", "flag of a task: killed by a signal"},
    {"PF_SUPERPRIV", 0x100, "linux/sched.h", "2.6", "flag of a task: has used the privileges of root"},
    {"PF_VCPU", 0x1, "linux/sched.h", "5.12", "flag of a task: runs a virtual CPU"},
    {"PF_WQ_WORKER", 0x20, "linux/sched.h", "2.6.36", "flag of a task: workqueue worker"},
    {"RCU_SOFTIRQ", 9, "linux/interrupt.h", "2.6.31", "softirq of RCU callbacks"},
    {"REQ_OP_DISCARD", 3, "linux/blk_types.h", "4.10", "block request that discards sectors"},
    {"REQ_OP_DRV_IN", 34, "linux/blk_types.h", "4.12", "block request private to the driver, reads"},
    {"REQ_OP_DRV_OUT", 35, "linux/blk_types.h", "4.12", "block request private to the driver, writes"},
    {"REQ_OP_FLUSH", 2, "linux/blk_types.h", "4.10", "block request that flushes the volatile cache"},
    {"REQ_OP_READ", 0, "linux/blk_types.h", "4.10", "block request that reads sectors"},
    {"REQ_OP_SECURE_ERASE", 5, "linux/blk_types.h", "4.10", "block request that erases sectors"},
    {"REQ_OP_WRITE", 1, "linux/blk_types.h", "4.10", "block request that writes sectors"},
    {"REQ_OP_WRITE_ZEROES", 9, "linux/blk_types.h", "4.12", "block request that zeroes sectors"},
    {"SCHED_SOFTIRQ", 7, "linux/interrupt.h", "2.6.31", "softirq of load balancing"},
    {"SECTOR_SHIFT", 9, "linux/blk_types.h", "4.17", "a sector of block events is 1 << SECTOR_SHIFT bytes"},
    {"SECTOR_SIZE", 512, "linux/blk_types.h", "4.17", "bytes of a sector of block events"},
    {"TASKLET_SOFTIRQ", 6, "linux/interrupt.h", "2.6.31", "softirq of tasklets"},
    {"TASK_COMM_LEN", 16, "linux/sched.h", "2.6", "bytes of a command name with its NUL"},
    {"TASK_DEAD", 0x80, "linux/sched.h", "4.14", "last state that a task switches out with"},
    {"TASK_FREEZABLE", 0x2000, "linux/sched.h", "6.1", "may be frozen while asleep"},
    {"TASK_FROZEN", 0x8000, "linux/sched.h", "6.1", "frozen"},
    {"TASK_IDLE", 0x402, "linux/sched.h", "4.2", "TASK_UNINTERRUPTIBLE | TASK_NOLOAD"},
    {"TASK_INTERRUPTIBLE", 0x1, "linux/sched.h", "2.6", "asleep, signals wake it"},
    {"TASK_KILLABLE", 0x102, "linux/sched.h", "4.14", "TASK_WAKEKILL | TASK_UNINTERRUPTIBLE"},
    {"TASK_NEW", 0x800, "linux/sched.h", "4.8", "forked, not woken yet"},
    {"TASK_NOLOAD", 0x400, "linux/sched.h", "4.2", "does not count as load"},
    {"TASK_NORMAL", 0x3, "linux/sched.h", "2.6.25", "TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE"},
    {"TASK_PARKED", 0x40, "linux/sched.h", "4.14", "parked kernel thread"},
    {"TASK_REPORT", 0x7f, "linux/sched.h", "4.14", "the states that /proc and sched_switch report"},
    {"TASK_REPORT_IDLE", 0x80, "linux/sched.h", "4.14", "TASK_IDLE as sched_switch reports it"},
    {"TASK_REPORT_MAX", 0x100, "linux/sched.h", "4.14", "bit of prev_state: the task was preempted"},
    {"TASK_RTLOCK_WAIT", 0x1000, "linux/sched.h", "5.15", "waits for an rtlock"},
    {"TASK_RUNNING", 0x0, "linux/sched.h", "2.6", "runnable; prev_state of a task that was preempted"},
    {"TASK_STOPPED", 0x104, "linux/sched.h", "4.14", "TASK_WAKEKILL | __TASK_STOPPED"},
    {"TASK_TRACED", 0x8, "linux/sched.h", "5.19", "__TASK_TRACED; included TASK_WAKEKILL before"},
    {"TASK_UNINTERRUPTIBLE", 0x2, "linux/sched.h", "2.6", "asleep, signals do not wake it"},
    {"TASK_WAKEKILL", 0x100, "linux/sched.h", "4.14", "fatal signals wake it"},
    {"TASK_WAKING", 0x200, "linux/sched.h", "4.14", "being woken"},
    {"TCP_CLOSE", 7, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_CLOSE_WAIT", 8, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_CLOSING", 11, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_ESTABLISHED", 1, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_FIN_WAIT1", 4, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_FIN_WAIT2", 5, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_LAST_ACK", 9, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_LISTEN", 10, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_NEW_SYN_RECV", 12, "net/tcp_states.h", "4.1", "state of a TCP socket"},
    {"TCP_SYN_RECV", 3, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_SYN_SENT", 2, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TCP_TIME_WAIT", 6, "net/tcp_states.h", "2.6", "state of a TCP socket"},
    {"TIMER_SOFTIRQ", 1, "linux/interrupt.h", "2.6.31", "softirq of timers"},
    {"USEC_PER_MSEC", 1000, "vdso/time64.h", "2.6", "microseconds in a millisecond"},
    {"USEC_PER_SEC", 1'000'000, "vdso/time64.h", "2.6", "microseconds in a second"},
    {"VM_EXEC", 0x4, "linux/mm.h", "2.6", "flag of a memory area: executable"},
    {"VM_READ", 0x1, "linux/mm.h", "2.6", "flag of a memory area: readable"},
    {"VM_SHARED", 0x8, "linux/mm.h", "2.6", "flag of a memory area: shared"},
    {"VM_WRITE", 0x2, "linux/mm.h", "2.6", "flag of a memory area: writable"},
    {"__TASK_STOPPED", 0x4, "linux/sched.h", "2.6.25", "stopped by a signal"},
    {"__TASK_TRACED", 0x8, "linux/sched.h", "2.6.25", "stopped by ptrace"},
    // clang-format on
});

static_assert(std::ranges::is_sorted(kRows, {}, &KernelConstantRow::name));

}  // namespace

std::span<const KernelConstantRow> KernelConstants() { return kRows; }

std::optional<int64_t> KernelConstant(std::string_view name) {
  const auto* row = std::ranges::lower_bound(kRows, name, {}, &KernelConstantRow::name);
  if (row == kRows.end() || row->name != name) return std::nullopt;
  return row->value;
}

}  // namespace sonde::cheaders
