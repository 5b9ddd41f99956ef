// @[comm] = count()
#include "common.h"

struct Comm {
  char name[16];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct Comm);
  __type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/sys_enter")
int Enter(__u64* context) {
  if (!IsEnterOfGetppid(context)) return 0;
  struct Comm comm;
  bpf_get_current_comm(&comm, sizeof comm);
  __u64* count = bpf_map_lookup_elem(&counts, &comm);
  if (count) {
    ++*count;
    return 0;
  }
  __u64 one = 1;
  bpf_map_update_elem(&counts, &comm, &one, BPF_ANY);
  return 0;
}
