// @ = hist(nsecs & 0xffff)
#include "common.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct Histogram);
} histogram SEC(".maps");

SEC("tp_btf/sys_enter")
int Enter(__u64* context) {
  if (!IsEnterOfGetppid(context)) return 0;
  AddToHistogram(&histogram, bpf_ktime_get_boot_ns() & 0xffff);
  return 0;
}
