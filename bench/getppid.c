// getppid CALLS CPU RESULT: makes CALLS getppid calls on one CPU and writes to RESULT what one of them cost.
#define _GNU_SOURCE
#include <unistd.h>

#include "loop.h"

static void Call(void) { getppid(); }

int main(int argc, char** argv) {
  const struct Loop loop = ReadLoop(argc, argv);
  return RunLoop(&loop, Call);
}
