// The time in a call, as a histogram: starts in a hash keyed by thread, deleted at the exit.
#include "common.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, __u64);
} starts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct Histogram);
} histogram SEC(".maps");

SEC("tp_btf/sys_enter")
int Enter(__u64* context) {
  if (!IsEnterOfGetppid(context)) return 0;
  __u32 thread = bpf_get_current_pid_tgid();
  __u64 now = bpf_ktime_get_boot_ns();
  bpf_map_update_elem(&starts, &thread, &now, BPF_ANY);
  return 0;
}

SEC("tp_btf/sys_exit")
int Exit(__u64* context) {
  if (!IsExitOfGetppid(context)) return 0;
  __u32 thread = bpf_get_current_pid_tgid();
  __u64* start = bpf_map_lookup_elem(&starts, &thread);
  if (!start || !*start) return 0;
  AddToHistogram(&histogram, bpf_ktime_get_boot_ns() - *start);
  bpf_map_delete_elem(&starts, &thread);
  return 0;
}
