// threads FOLDER: four threads that work on files, pipes, sockets and locks of their own and of all.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 4, kRounds = 25 };

static const char *folder;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static void WorkOnFile(int thread, int round) {
  char path[512], text[64];
  snprintf(path, sizeof path, "%s/file %d", folder, thread);
  int fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0640);
  int length = snprintf(text, sizeof text, "round %d of thread %d\n", round, thread);
  if (fd < 0 || write(fd, text, (size_t)length) != length) abort();
  struct iovec parts[2] = {{text, 5}, {text + 5, 9}};
  if (writev(fd, parts, 2) != 14 || pread(fd, text, 20, 3) < 0) abort();
  struct stat status;
  fstat(fd, &status);
  ftruncate(fd, status.st_size / 2);
  fsync(fd);
  close(dup(fd));
  close(fd);
  if (round % 5 == 4) unlink(path);
}

static void WorkOnPipe(void) {
  int fds[2];
  char byte = 'x';
  if (pipe(fds) != 0) abort();
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  if (read(fds[0], &byte, 1) >= 0 || write(fds[1], &byte, 1) != 1) abort();
  struct pollfd ready = {.fd = fds[0], .events = POLLIN};
  poll(&ready, 1, -1);
  dup2(fds[1], fds[0]);
  close(fds[0]);
  close(fds[1]);
}

static void WorkOnSockets(void) {
  int fds[2];
  char text[16];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) abort();
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[1]};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fds[1], &event);
  send(fds[0], "hello", 5, MSG_NOSIGNAL);
  epoll_wait(epoll, &event, 1, 1000);
  recv(fds[1], text, sizeof text, 0);
  shutdown(fds[0], SHUT_WR);
  close(epoll);
  close(fds[0]);
  close(fds[1]);
  close(eventfd(3, EFD_NONBLOCK));
}

static void *Work(void *argument) {
  const int thread = (int)(long)argument;
  pthread_barrier_wait(&barrier);
  for (int round = 0; round < kRounds; ++round) {
    WorkOnFile(thread, round);
    WorkOnPipe();
    WorkOnSockets();
    pthread_mutex_lock(&lock);
    const struct timespec little = {.tv_nsec = 100000};
    nanosleep(&little, NULL);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : "/tmp";
  pthread_t threads[kThreads];
  pthread_barrier_init(&barrier, NULL, kThreads);
  for (long i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, Work, (void *)i);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  return 0;
}
