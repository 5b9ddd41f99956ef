// What the programs that are traced share: arguments, the CPU, the clock, the file with the result.
#pragma once

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct Loop {
  long calls;
  const char* result;
};

// PROGRAM CALLS CPU RESULT; moves the process to the CPU.
static inline struct Loop ReadLoop(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s CALLS CPU RESULT\n", argv[0]);
    exit(2);
  }
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(atoi(argv[2]), &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
    perror("sched_setaffinity");
    exit(1);
  }
  return (struct Loop){.calls = atol(argv[1]), .result = argv[3]};
}

static inline long long Nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline long long CpuMicroseconds(const struct rusage* usage) {
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec +
         usage->ru_stime.tv_usec;
}

// `end`: by CLOCK_MONOTONIC, so that it compares with other processes' readings. Returns the exit status.
static inline int WriteResult(const struct Loop* loop, long long end, double median, double least) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  FILE* file = fopen(loop->result, "w");
  if (file == NULL) {
    perror(loop->result);
    return 1;
  }
  fprintf(file, "pid=%d\nend_ns=%lld\nmedian_ns=%f\nleast_ns=%f\ncpu_us=%lld\n", getpid(), end, median, least,
          CpuMicroseconds(&usage));
  return fclose(file) == 0 ? 0 : 1;
}

enum { kStretch = 2000 };

static inline int CompareCosts(const void* a, const void* b) {
  const double left = *(const double*)a;
  const double right = *(const double*)b;
  return (left > right) - (left < right);
}

// Makes the calls and writes, as name=value lines, what one of them cost in CPU time: the median and the least over short
// stretches, so that neither being scheduled away nor a busy neighbour counts for much. Returns the exit status.
static inline int RunLoop(const struct Loop* loop, void (*call)(void)) {
  const long stretches = (loop->calls + kStretch - 1) / kStretch;
  double* costs = calloc(stretches + 1, sizeof *costs);
  if (costs == NULL) return 1;
  long left = loop->calls;
  for (long stretch = 0; stretch < stretches; ++stretch) {
    const long calls = left < kStretch ? left : kStretch;
    const long long start = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (long i = 0; i < calls; ++i) call();
    costs[stretch] = (double)(Nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / (double)calls;
    left -= calls;
  }
  const long long end = Nanoseconds(CLOCK_MONOTONIC);
  qsort(costs, stretches, sizeof *costs, CompareCosts);
  return WriteResult(loop, end, costs[stretches / 2], costs[0]);
}
