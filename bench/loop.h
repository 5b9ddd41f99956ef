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
