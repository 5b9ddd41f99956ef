// fd_kinds FOLDER: opens a descriptor of each kind; for each calls lseek(fd, 0, SEEK_CUR), and says on standard output
// what readlink of /proc/self/fd/N tells, or what its addresses are. FOLDER is for files of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void ShowAs(int fd, const char *path) {
  printf("%d [%s]\n", fd, path);
  fflush(stdout);
  lseek(fd, 0, SEEK_CUR);
}

static void Show(int fd) {
  char link[64], target[8192];
  if (fd == AT_FDCWD) {
    strcpy(link, "/proc/self/cwd");
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  }
  ssize_t length = readlink(link, target, sizeof target - 1);
  target[length > 0 ? length : 0] = 0;
  ShowAs(fd, target);
}

static void Fail(const char *what) {
  perror(what);
  exit(1);
}

// "127.0.0.1:80", as strings of addresses are written in URLs.
static void AddressText(const struct sockaddr_storage *address, char *text, size_t size) {
  char ip[INET6_ADDRSTRLEN];
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    snprintf(text, size, "[%s]:%d", inet_ntop(AF_INET6, &six->sin6_addr, ip, sizeof ip), ntohs(six->sin6_port));
    return;
  }
  const struct sockaddr_in *four = (const struct sockaddr_in *)address;
  snprintf(text, size, "%s:%d", inet_ntop(AF_INET, &four->sin_addr, ip, sizeof ip), ntohs(four->sin_port));
}

static void ShowSocket(int fd, const char *protocol) {
  struct sockaddr_storage own, peer;
  socklen_t length = sizeof own;
  char from[128], to[128], path[512];
  if (getsockname(fd, (struct sockaddr *)&own, &length) != 0) Fail("getsockname");
  AddressText(&own, from, sizeof from);
  length = sizeof peer;
  if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0) {
    AddressText(&peer, to, sizeof to);
    snprintf(path, sizeof path, "socket:[%s %s->%s]", protocol, from, to);
  } else {
    snprintf(path, sizeof path, "socket:[%s %s]", protocol, from);
  }
  ShowAs(fd, path);
}

// A listening socket, both ends of a connection, and one for packets, on an address of this host.
static void ShowInternet(int family, const char *ip) {
  struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
  void *address = family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&any)->sin6_addr
                                     : (void *)&((struct sockaddr_in *)&any)->sin_addr;
  inet_pton(family, ip, address);
  int packets = socket(family, SOCK_DGRAM, 0);
  if (packets < 0 || bind(packets, (struct sockaddr *)&any, sizeof any) != 0) Fail(ip);
  ShowSocket(packets, "udp");
  int listening = socket(family, SOCK_STREAM, 0);
  if (bind(listening, (struct sockaddr *)&any, sizeof any) != 0 || listen(listening, 1) != 0) Fail(ip);
  ShowSocket(listening, "tcp");
  struct sockaddr_storage bound;
  socklen_t length = sizeof bound;
  getsockname(listening, (struct sockaddr *)&bound, &length);
  int from = socket(family, SOCK_STREAM, 0);
  if (connect(from, (struct sockaddr *)&bound, length) != 0) Fail(ip);
  ShowSocket(from, "tcp");
  ShowSocket(accept(listening, NULL, NULL), "tcp");
}

// Addresses that are not this host's, bound all the same.
static void ShowAddresses(void) {
  const char *texts[] = {"::",          "1::",           "2001:db8::1",         "2001:db8:0:1:1:1:1:1", "fe80:0:0:1::2",
                         "1:0:0:2::3",  "::5:6:7:8",     "2001:0:1:0:1:0:1:0",  "1:2:3:4:5:6:7:8",      "a:b:c:d:e:f::"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = 0};
    const int yes = 1;
    inet_pton(AF_INET6, texts[i], &address.sin6_addr);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
      if (errno == EINVAL) continue;  // link-local ones want an interface
      Fail(texts[i]);
    }
    ShowSocket(fd, "udp");
  }
}

static void ShowUnix(const char *name, size_t length, const char *shown) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, length);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
    Fail("bind");
  }
  ShowAs(fd, shown);
}

// Names of 200 bytes, as deep as the kernel's PATH_MAX lets readlink tell.
static void ShowLongPath(void) {
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
}

static int NewFile(const char *path) { return open(path, O_RDWR | O_CREAT, 0600); }

// File systems over folders and over each other, seen from a mount namespace of our own.
static void ShowMounts(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) Fail("unshare");
  if (mkdir("mounted", 0700) != 0 || mount("none", "mounted", "tmpfs", 0, NULL) != 0) Fail("tmpfs");
  Show(open("mounted", O_RDONLY | O_DIRECTORY));
  Show(NewFile("mounted/file"));
  mkdir("mounted/inner", 0700);
  if (mount("none", "mounted/inner", "tmpfs", 0, NULL) != 0) Fail("tmpfs");
  Show(NewFile("mounted/inner/file"));
  mkdir("bound", 0700);
  if (mount("mounted", "bound", NULL, MS_BIND, NULL) != 0) Fail("bind");
  Show(open("bound/file", O_RDONLY));
  int gone = NewFile("bound/gone");
  unlink("bound/gone");
  Show(gone);
  // A mount upon a mount, and a file that is a mount point.
  if (mount("none", "bound", "tmpfs", 0, NULL) != 0) Fail("tmpfs");
  Show(NewFile("bound/upper"));
  if (mount("/proc/version", "bound/upper", NULL, MS_BIND, NULL) != 0) Fail("bind");
  Show(open("bound/upper", O_RDONLY));
  for (const char **name = (const char *[]){"mounted/low", "mounted/up", "mounted/work", "joined", NULL}; *name; ++name) {
    mkdir(*name, 0700);
  }
  close(NewFile("mounted/low/below"));
  if (mount("none", "joined", "overlay", 0, "lowerdir=mounted/low,upperdir=mounted/up,workdir=mounted/work") != 0) {
    if (errno != ENODEV) Fail("overlay");
    printf("this kernel has no overlayfs\n");
    return;
  }
  Show(open("joined", O_RDONLY | O_DIRECTORY));
  Show(open("joined/below", O_RDONLY));
  Show(open("joined/below", O_RDWR));
  Show(NewFile("joined/above"));
}

// In another root the path is told from the first one on.
static void ShowRoot(const char *folder) {
  char path[8192];
  mkdir("root", 0700);
  mkdir("root/inside", 0700);
  fflush(stdout);
  if (fork() == 0) {
    if (chroot("root") != 0 || chdir("/") != 0) Fail("chroot");
    snprintf(path, sizeof path, "%s/root/inside", folder);
    ShowAs(fcntl(open("/inside", O_RDONLY | O_DIRECTORY), F_DUPFD, 500), path);
    snprintf(path, sizeof path, "%s/root", folder);
    ShowAs(fcntl(open("/", O_RDONLY | O_DIRECTORY), F_DUPFD, 600), path);
    _exit(0);
  }
  wait(NULL);
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "/tmp";
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
  Show(AT_FDCWD);
  ShowInternet(AF_INET, "127.0.0.1");
  ShowInternet(AF_INET6, "::1");
  ShowInternet(AF_INET6, "::ffff:127.0.0.1");
  ShowAddresses();
  ShowUnix("socket", sizeof "socket", "socket:[unix socket]");
  // A name that is no file's begins with a NUL.
  char name[32] = {0}, shown[64];
  const int length = snprintf(name + 1, sizeof name - 1, "fd_kinds %d", getpid());
  snprintf(shown, sizeof shown, "socket:[unix @%.31s]", name + 1);
  ShowUnix(name, 1 + (size_t)length, shown);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;
  Show(fds[1]);
  Show(socket(AF_NETLINK, SOCK_RAW, 0));
  ShowLongPath();
  ShowMounts();
  ShowRoot(folder);
  Show(1000);
  Show(-1);
  return 0;
}
