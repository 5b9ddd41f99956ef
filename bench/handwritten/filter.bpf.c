// /pid == 1/ { @ = count(); }
#include "common.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/sys_enter")
int Enter(__u64* context) {
  if (!IsEnterOfGetppid(context)) return 0;
  if (bpf_get_current_pid_tgid() >> 32 != 1) return 0;
  __u32 zero = 0;
  __u64* count = bpf_map_lookup_elem(&counts, &zero);
  if (count) ++*count;
  return 0;
}
