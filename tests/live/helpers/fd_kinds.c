// fd_kinds FOLDER: opens a descriptor of each kind; for each calls lseek(fd, 0, SEEK_CUR), and says on standard output
// what readlink of /proc/self/fd/N tells. FOLDER is for files of its own.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void Show(int fd) {
  char link[64], target[8192];
  if (fd >= 0) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
  } else {
    target[0] = 0;
  }
  printf("%d [%s]\n", fd, target);
  fflush(stdout);
  lseek(fd, 0, SEEK_CUR);
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "/tmp";
  char path[8192];
  if (chdir(folder) != 0) return 1;
  Show(open("/", O_RDONLY | O_DIRECTORY));
  Show(open("/etc/passwd", O_RDONLY));
  Show(open("/proc/self/status", O_RDONLY));
  Show(open("/proc/sys/kernel/osrelease", O_RDONLY));
  Show(open("/sys/kernel", O_RDONLY | O_DIRECTORY));
  Show(open("/dev/null", O_RDONLY));
  Show(open("/dev/shm", O_RDONLY | O_DIRECTORY));
  Show(open(".", O_RDONLY | O_DIRECTORY));
  int gone = open("gone file", O_RDWR | O_CREAT, 0600);
  unlink("gone file");
  Show(gone);
  int fds[2];
  if (pipe(fds) != 0) return 1;
  Show(fds[0]);
  Show(socket(AF_UNIX, SOCK_STREAM, 0));
  Show(socket(AF_INET, SOCK_DGRAM, 0));
  Show(eventfd(0, 0));
  Show(epoll_create1(0));
  Show((int)syscall(SYS_pidfd_open, getpid(), 0));
  Show(memfd_create("my memory", 0));
  Show(open("/proc/self/ns/mnt", O_RDONLY));
  Show(open("/proc/self/ns/net", O_RDONLY));
  Show(open("/tmp", O_TMPFILE | O_RDWR, 0600));
  // A long path: names of 200 bytes, as deep as the kernel's PATH_MAX lets readlink tell.
  char name[201];
  memset(name, 'n', 200);
  name[200] = 0;
  int depth = 0;
  for (; depth < 19; ++depth) {
    if (mkdir(name, 0700) != 0 || chdir(name) != 0) break;
  }
  Show(open(".", O_RDONLY | O_DIRECTORY));
  for (; depth > 0; --depth) {
    if (chdir("..") != 0 || rmdir(name) != 0) break;
  }
  // Seen from inside another root, the reader still tells the whole path.
  snprintf(path, sizeof path, "%s/root", folder);
  mkdir(path, 0700);
  Show(open(path, O_RDONLY | O_DIRECTORY));
  Show(1000);
  Show(-1);
  return 0;
}
