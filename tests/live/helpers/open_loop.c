// open_loop N NAME: N times openat of /dev/null or, in turn, of /nonexistent/NAME; the mode says which: 0 and 1.
// open_loop N NAME THREADS: the same in each of so many threads.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;
static char missing[256];

static void *Loop(void *unused) {
  for (long i = 0; i < calls; ++i) {
    int odd = i & 1;
    long fd = syscall(SYS_openat, AT_FDCWD, odd ? missing : "/dev/null", O_RDONLY | O_CLOEXEC, odd);
    if (fd >= 0) close((int)fd);
  }
  return unused;
}

int main(int argc, char **argv) {
  calls = argc > 1 ? atol(argv[1]) : 1000;
  snprintf(missing, sizeof missing, "/nonexistent/%s", argc > 2 ? argv[2] : "x");
  int threads = argc > 3 ? atoi(argv[3]) : 1;
  pthread_t ids[64];
  if (threads < 1 || threads > 64) return 1;
  for (int i = 1; i < threads; ++i) {
    if (pthread_create(&ids[i], NULL, Loop, NULL) != 0) return 1;
  }
  Loop(NULL);
  for (int i = 1; i < threads; ++i) pthread_join(ids[i], NULL);
  return 0;
}
