// What the hand-written programs share. Each traces getppid on the raw system call tracepoints, as well as one can by
// hand on this architecture: counters are per CPU and need no atomic adds, since the kernel does not let a program
// interrupt itself on a CPU and no other program writes to its maps.
#pragma once

#include <asm/unistd.h>
#include <linux/bpf.h>  // before the helpers, which need its types
#include <stdbool.h>
// clang-format off
#include <bpf/bpf_helpers.h>
// clang-format on

char LICENSE[] SEC("license") = "GPL";

// Of `tp_btf/sys_enter` (the second argument is the number) as of `tp_btf/sys_exit` (the first holds the registers).
static __always_inline bool IsEnterOfGetppid(const __u64* context) { return context[1] == __NR_getppid; }

struct pt_regs {
  unsigned long before[15];
  unsigned long orig_ax;
  unsigned long after[5];
};

static __always_inline bool IsExitOfGetppid(const __u64* context) {
  return ((const struct pt_regs*)context[0])->orig_ax == __NR_getppid;
}

struct Histogram {
  __u64 buckets[64];
};

static __always_inline __u32 Log2(__u64 value) {
  __u32 result = 0;
  if (value >> 32) value >>= 32, result += 32;
  if (value >> 16) value >>= 16, result += 16;
  if (value >> 8) value >>= 8, result += 8;
  if (value >> 4) value >>= 4, result += 4;
  if (value >> 2) value >>= 2, result += 2;
  return result + (value >> 1);
}

static __always_inline void AddToHistogram(void* map, __u64 value) {
  __u32 zero = 0;
  struct Histogram* histogram = bpf_map_lookup_elem(map, &zero);
  if (histogram) ++histogram->buckets[Log2(value) & 63];
}
