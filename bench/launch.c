// launch RESULT COMMAND…: runs COMMAND and writes what it took to RESULT, as name=value lines. A program of its own,
// since a process's peak memory begins with that of the one it was forked from: a shell's or Python's would hide ours.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s RESULT COMMAND...\n", argv[0]);
    return 2;
  }
  const long long start = Nanoseconds(CLOCK_MONOTONIC);
  const pid_t child = fork();
  if (child < 0) {
    perror("fork");
    return 1;
  }
  if (child == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) {
    perror("wait4");
    return 1;
  }
  const long long end = Nanoseconds(CLOCK_MONOTONIC);
  FILE* file = fopen(argv[1], "w");
  if (file == NULL) {
    perror(argv[1]);
    return 1;
  }
  fprintf(file, "start_ns=%lld\nend_ns=%lld\ncpu_us=%lld\npeak_kb=%ld\nstatus=%d\n", start, end,
          CpuMicroseconds(&usage), usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return fclose(file) == 0 ? 0 : 1;
}
