/* Exit status 0 where a hardware breakpoint on a variable of our own counts its writes; some virtual machines accept
 * breakpoints that never fire. */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int64_t written;

int main(void) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_BREAKPOINT,
      .size = sizeof(attributes),
      .sample_period = 1,
      .bp_type = HW_BREAKPOINT_W,
      .bp_addr = (uintptr_t)&written,
      .bp_len = HW_BREAKPOINT_LEN_8,
  };
  int event = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
  if (event < 0) return 1;
  for (int i = 0; i < 10; ++i) written = i;
  uint64_t count = 0;
  return read(event, &count, sizeof(count)) == sizeof(count) && count == 10 ? 0 : 1;
}
