// getppid CALLS CPU RESULT: makes CALLS getppid calls on one CPU and writes to RESULT, as name=value lines, what one of
// them cost in CPU time: the median and the least over short stretches, so that neither being scheduled away nor a busy
// neighbour counts for much.
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

enum { kStretch = 2000 };

static int Compare(const void* a, const void* b) {
  const double left = *(const double*)a;
  const double right = *(const double*)b;
  return (left > right) - (left < right);
}

int main(int argc, char** argv) {
  const struct Loop loop = ReadLoop(argc, argv);
  const long stretches = (loop.calls + kStretch - 1) / kStretch;
  double* costs = calloc(stretches + 1, sizeof *costs);
  if (costs == NULL) return 1;
  long left = loop.calls;
  for (long stretch = 0; stretch < stretches; ++stretch) {
    const long calls = left < kStretch ? left : kStretch;
    const long long start = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (long i = 0; i < calls; ++i) getppid();
    costs[stretch] = (double)(Nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / (double)calls;
    left -= calls;
  }
  const long long end = Nanoseconds(CLOCK_MONOTONIC);
  qsort(costs, stretches, sizeof *costs, Compare);
  return WriteResult(&loop, end, costs[stretches / 2], costs[0]);
}
