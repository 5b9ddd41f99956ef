// perf_events IDS: opens a perf event for each tracepoint id in the file IDS (one a line), enables them, closes them
// again, and prints how many they were: what the kernel itself takes for tracing them all, without any tracer.
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMost = 4096 };

int main(int argc, char** argv) {
  FILE* ids = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (ids == NULL) {
    fprintf(stderr, "usage: %s IDS\n", argv[0]);
    return 2;
  }
  static int events[kMost];
  int count = 0;
  for (unsigned long long id; count < kMost && fscanf(ids, "%llu", &id) == 1; ++count) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.size = sizeof attributes;
    attributes.config = id;
    attributes.sample_period = 1;
    attributes.disabled = 1;
    events[count] = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
    if (events[count] < 0 || ioctl(events[count], PERF_EVENT_IOC_ENABLE, 0) != 0) {
      perror("perf event");
      return 1;
    }
  }
  for (int i = 0; i < count; ++i) close(events[i]);
  printf("%d\n", count);
  return fclose(ids) == 0 ? 0 : 1;
}
