// The programs of the live tests; events: 0 printf, 1 print(map_4), 2 clear(map_4), 3 exit, 4 zero(map_4), 5 print(map_5).
#include "abi.h"

INLINE int IsLoad(struct raw_tracepoint *ctx) { return !Stopped() && ctx->args[1] == value_3.syscall; }

SECTION("print_each") int PrintEach(struct raw_tracepoint *ctx) {
  if (IsLoad(ctx)) Send(0, bpf_get_current_pid_tgid() >> 32);
  return 0;
}

// An entry program comes first in its section, its subprograms behind it.
SUBPROGRAM("count_each") int CountByKey(u64 key);
SECTION("count_each") int CountEach(struct raw_tracepoint *ctx) {
  if (!IsLoad(ctx)) return 0;
  u32 zero = 0;
  Count(&map_4, &zero);
  CountByKey(bpf_ktime_get_boot_ns() >> 10);
  return 0;
}

SUBPROGRAM("count_each") int CountByKey(u64 key) {
  u64 masked = key & 15;
  Count(&map_5, &masked);
  return 0;
}

SECTION("exit_at_load") int ExitAtLoad(struct raw_tracepoint *ctx) {
  if (IsLoad(ctx)) Exit(7);
  return 0;
}

SECTION("begin_print") int BeginPrint(void *ctx) {
  Send(0, 1000);
  return 0;
}

SECTION("begin_exit") int BeginExit(void *ctx) {
  Send(0, 2000);
  Exit(3);
  return 0;
}

SECTION("end_print") int EndPrint(void *ctx) {
  Send(0, 3000);
  return 0;
}

// Prints value_3.limit times from a callback: needs func_info.
SUBPROGRAM("begin_flood") long SendOne(u32 i, void *context);
SECTION("begin_flood") int BeginFlood(void *ctx) {
  bpf_loop(value_3.limit, SendOne, 0, 0);
  return 0;
}

SUBPROGRAM("begin_flood") long SendOne(u32 i, void *context) {
  Send(0, i);
  return 0;
}

SECTION("begin_map_actions") int BeginMapActions(void *ctx) {
  u32 zero = 0;
  u64 key = 5;
  Count(&map_4, &zero);
  Count(&map_4, &zero);
  Count(&map_5, &key);
  Send(0, 1);
  Send(1, 0);  // print: 2
  Send(2, 0);  // clear
  Send(1, 0);  // print: empty
  Send(5, 0);  // print: 5 → 1
  Send(7, 0);  // zero map_5
  Send(5, 0);  // print: 5 → 0
  Send(6, 0);  // clear map_5
  Send(5, 0);  // print: empty
  Send(99, 0); // no such event
  Send(0, 2);
  return 0;
}

SECTION("tick") int Tick(void *ctx) {
  if (Stopped()) return 0;
  u32 zero = 0;
  u64 *count = bpf_map_lookup_elem(&map_6, &zero);
  if (!count) return 0;
  u64 seen = __sync_fetch_and_add(count, 1) + 1;
  count[1] = 1;
  Send(0, seen);
  if (seen == value_3.limit) Exit(0);
  return 0;
}

SECTION("cookie") int Cookie(void *ctx) {
  if (!Stopped()) Send(0, bpf_get_attach_cookie(ctx));
  return 0;
}

// On page_fault_kernel, which its own faulting read fires again: that one is missed.
SECTION("recurse") int Recurse(void *ctx) {
  u64 to = 0;
  bpf_probe_read_user(&to, sizeof(to), (void *)16);
  return 0;
}
SECTION("fault_at_load") int FaultAtLoad(struct raw_tracepoint *ctx) {
  u64 to = 0;
  if (IsLoad(ctx)) bpf_probe_read_user(&to, sizeof(to), (void *)16);
  return 0;
}

// An address inside of a value, for the test of relocations alone.
SECTION("value_offset") long ValueOffset(void *ctx) { return bpf_probe_read_user(&value_0.losses[1], 8, ctx); }

// What the verifier does not take.
SECTION("refused") int Refused(struct raw_tracepoint *ctx) {
  u64 key = 0;
  u64 *value = bpf_map_lookup_elem(&map_5, &key);
  return *value;
}
