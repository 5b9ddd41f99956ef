// What src/image/abi.h agrees on, and the helpers, for the BPF programs that the tests compile by clang. Maps are
// referred to by their index, as in ProgramSpec: `map_1` is the handle of the second one, `value_0` the first's value.
typedef unsigned char u8;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

#define SECTION(name) __attribute__((section(name), used))
#define SUBPROGRAM(name) static __attribute__((section(name), noinline))
#define INLINE static inline __attribute__((always_inline))

enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };

static void* (*bpf_map_lookup_elem)(void* map, const void* key) = (void*)1;
static long (*bpf_map_update_elem)(void* map, const void* key, const void* value, u64 flags) = (void*)2;
static u64 (*bpf_get_smp_processor_id)(void) = (void*)8;
static u64 (*bpf_get_current_pid_tgid)(void) = (void*)14;
static long (*bpf_probe_read_user)(void* to, u32 size, const void* from) = (void*)112;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void*)125;
static long (*bpf_ringbuf_output)(void* ring, void* data, u64 size, u64 flags) = (void*)130;
static void* (*bpf_ringbuf_reserve)(void* ring, u64 size, u64 flags) = (void*)131;
static void (*bpf_ringbuf_submit)(void* data, u64 flags) = (void*)132;
static void (*bpf_ringbuf_discard)(void* data, u64 flags) = (void*)133;
static u64 (*bpf_get_attach_cookie)(void* ctx) = (void*)174;
static long (*bpf_loop)(u32 iterations, void* callback, void* context, u64 flags) = (void*)181;

struct control {
  u32 exit;
  u32 asleep;
  s32 exit_code;
  u32 reserved;
  u64 start_ns;
  u64 runtime_errors;
  s64 returned;
  u64 left_out[6];
  u64 losses[4];
};

struct constants {
  u64 syscall;  // the number that the load program calls
  u64 limit;    // of the test's choice
};

extern struct control value_0;
extern char map_1;  // data ring
extern char map_2;  // control ring
extern struct constants value_3;
extern char map_4;  // per-CPU array: keyless count
extern char map_5;  // per-CPU hash: count by key
extern char map_6;  // array: keyless value with a mark

struct raw_tracepoint {
  u64 args[0];
};

struct record {
  u32 event;
  u32 reserved;
  u64 value;
};

INLINE int Stopped(void) { return *(volatile u32*)&value_0.exit != 0; }

INLINE void Lose(u32 site) { __sync_fetch_and_add(&value_0.losses[site], 1); }

// After a record was published (which is a full barrier).
INLINE void WakeReader(void) {
  if (*(volatile u32*)&value_0.asleep == 0) return;
  if (__sync_lock_test_and_set(&value_0.asleep, 0) == 0) return;
  void* wake = bpf_ringbuf_reserve(&map_2, 8, 0);
  if (wake) bpf_ringbuf_discard(wake, BPF_RB_FORCE_WAKEUP);
}

INLINE void Send(u32 event, u64 value) {
  struct record* record = bpf_ringbuf_reserve(&map_1, sizeof(struct record), 0);
  if (!record) {
    Lose(0);
    return;
  }
  record->event = event;
  record->reserved = 0;
  record->value = value;
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
  WakeReader();
}

INLINE void Exit(s32 code) {
  value_0.exit_code = code;
  *(volatile u32*)&value_0.exit = 1;
  struct record* record = bpf_ringbuf_reserve(&map_2, 8, 0);
  if (!record) return;
  record->event = 3;
  record->reserved = 0;
  bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

INLINE void Count(void* map, const void* key) {
  u64* count = bpf_map_lookup_elem(map, key);
  if (count) {
    __sync_fetch_and_add(count, 1);
    return;
  }
  u64 one = 1;
  if (bpf_map_update_elem(map, key, &one, 1) == 0) return;
  count = bpf_map_lookup_elem(map, key);
  if (count) __sync_fetch_and_add(count, 1);
}
