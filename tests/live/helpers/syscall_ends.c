// syscall_ends: calls that end in unusual ways. Forks, execs from a thread that is not the leader, a signal in a sleep,
// a child that dies inside a call.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void Caught(int signal) { (void)signal; }

static void *Exec(void *unused) {
  char *const arguments[] = {"exec-by-thread", "one two", NULL};
  execve("/bin/true", arguments, NULL);
  return unused;
}

int main(void) {
  // A sleep that a signal ends, and one that ends by itself.
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = Caught;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval soon = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  struct timespec long_sleep = {5, 0}, short_sleep = {0, 30000000};
  nanosleep(&long_sleep, NULL);
  nanosleep(&short_sleep, NULL);
  // A child that is killed in the middle of a call.
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(1);
  }
  struct timespec moment = {0, 50000000};
  nanosleep(&moment, NULL);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  child = vfork();
  if (child == 0) {
    execve("/nonexistent/program", (char *const[]){"gone", NULL}, NULL);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  fflush(stdout);
  pthread_t thread;
  pthread_create(&thread, NULL, Exec, NULL);
  pthread_join(thread, NULL);
  return 1;
}
