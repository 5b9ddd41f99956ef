// Nothing: what the kernel itself adds once anything is attached.
#include "common.h"

SEC("tp_btf/sys_enter")
int Enter(__attribute__((unused)) __u64* context) { return 0; }
