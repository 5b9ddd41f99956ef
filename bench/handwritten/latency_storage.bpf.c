// The time in a call, as a histogram: starts in the task's own storage, set to zero at the exit.
#include "common.h"

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
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
  __u64* start = bpf_task_storage_get(&starts, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (start) *start = bpf_ktime_get_boot_ns();
  return 0;
}

SEC("tp_btf/sys_exit")
int Exit(__u64* context) {
  if (!IsExitOfGetppid(context)) return 0;
  __u64* start = bpf_task_storage_get(&starts, bpf_get_current_task_btf(), 0, 0);
  if (!start || !*start) return 0;
  AddToHistogram(&histogram, bpf_ktime_get_boot_ns() - *start);
  *start = 0;
  return 0;
}
