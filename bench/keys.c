// keys CALLS CPU RESULT: asks for the priority of CALLS processes that do not exist: calls with an argument of our
// choice that nothing else on the machine makes, each for a new key of a map.
#define _GNU_SOURCE
#include <sys/resource.h>

#include "loop.h"

enum { kFirstPid = 100000000 };  // beyond the largest pid_max

int main(int argc, char** argv) {
  const struct Loop loop = ReadLoop(argc, argv);
  for (long i = 0; i < loop.calls; ++i) getpriority(PRIO_PROCESS, kFirstPid + i);
  return WriteResult(&loop, Nanoseconds(CLOCK_MONOTONIC), 0, 0);
}
