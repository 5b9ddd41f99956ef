// getppid_loop N [THREADS]: N system calls getppid, in each of so many threads. Says how long they took.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long calls;

static void *Loop(void *unused) {
  for (long i = 0; i < calls; ++i) syscall(SYS_getppid);
  return unused;
}

int main(int argc, char **argv) {
  calls = argc > 1 ? atol(argv[1]) : 1000;
  int threads = argc > 2 ? atoi(argv[2]) : 1;
  pthread_t ids[64];
  struct timespec start, end;
  if (threads < 1 || threads > 64) return 1;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 1; i < threads; ++i) {
    if (pthread_create(&ids[i], NULL, Loop, NULL) != 0) return 1;
  }
  Loop(NULL);
  for (int i = 1; i < threads; ++i) pthread_join(ids[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  long long nanoseconds = (end.tv_sec - start.tv_sec) * 1000000000LL + (end.tv_nsec - start.tv_nsec);
  fprintf(stderr, "getppid_loop: %lld ns per call\n", nanoseconds / (calls ? calls : 1));
  return 0;
}
