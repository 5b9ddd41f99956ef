/* Functions that call one another, and that are left in every way there is: what ucall is tested on. */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone))
#define USED(x) ({ __asm__ volatile("" : : "g"(x) : "memory"); })

static jmp_buf back;

KEEP long factorial(long n) {
  long smaller = n < 2 ? 1 : factorial(n - 1);
  USED(smaller);
  return n * smaller;
}
KEEP int inner(int n, const char *what) {
  USED(what);
  return n + 1;
}
KEEP int outer(int a, int b, int c, int d, int e, int f, long seventh) {
  int sum = inner(a, "first") + inner(b, "second");
  USED(c), USED(d), USED(e), USED(f), USED(seventh);
  return sum;
}
KEEP int leaves(int depth) {
  if (depth == 0) longjmp(back, 1);
  if (depth > 1000) return depth;
  int below = leaves(depth - 1);
  USED(below);
  return below + 1;
}
KEEP int even(int n);
KEEP int odd(int n) { return n == 0 ? 0 : even(n - 1); } /* calls at its end, without coming back */
KEEP int even(int n) { return n == 0 ? 1 : odd(n - 1); }
KEEP int dies(int status) {
  USED(status);
  _exit(status);
  return status;
}
KEEP int forks(int n) {
  pid_t child = fork();
  if (child == 0) return n;
  waitpid(child, NULL, 0);
  return n + 1;
}
KEEP void *ends_thread(void *argument) {
  USED(argument);
  pthread_exit(argument);
  return NULL;
}
KEEP int waits(int microseconds) {
  usleep((useconds_t)microseconds);
  return microseconds;
}
static void *in_thread(void *argument) {
  long sum = 0;
  for (long i = 0; i < 20000; ++i) {
    USED(sum);
    sum += inner((int)(long)argument, "thread");
  }
  return (void *)sum;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "factorial") == 0) USED(factorial(argc > 2 ? atol(argv[2]) : 5));
  if (strcmp(what, "nested") == 0) USED(outer(1, 2, 3, 4, 5, 6, 7));
  if (strcmp(what, "leaves") == 0) {
    for (volatile int i = 0; i < 300; ++i) {
      if (setjmp(back) == 0) USED(leaves(3));
    }
    USED(outer(1, 2, 3, 4, 5, 6, 7));
  }
  if (strcmp(what, "tail") == 0) USED(even(4));
  if (strcmp(what, "dies") == 0) {
    if (fork() == 0) dies(3);
    wait(NULL);
    USED(inner(4, "after"));
  }
  if (strcmp(what, "forks") == 0) {
    pid_t before = getpid();
    int n = forks(10);
    if (getpid() != before) _exit(n);
  }
  if (strcmp(what, "threads") == 0) {
    pthread_t threads[4];
    for (long i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, in_thread, (void *)i);
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
    pthread_create(&threads[0], NULL, ends_thread, NULL);
    pthread_join(threads[0], NULL);
  }
  if (strcmp(what, "waits") == 0) USED(waits(20000));
  return 0;
}
