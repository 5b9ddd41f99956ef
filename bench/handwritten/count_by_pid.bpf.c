// @[pid] = count()
#include "common.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/sys_enter")
int Enter(__u64* context) {
  if (!IsEnterOfGetppid(context)) return 0;
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  __u64* count = bpf_map_lookup_elem(&counts, &pid);
  if (count) {
    ++*count;
    return 0;
  }
  __u64 one = 1;
  bpf_map_update_elem(&counts, &pid, &one, BPF_ANY);
  return 0;
}
