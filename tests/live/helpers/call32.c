// call32 N: N calls of getppid by the 32-bit entry, `int $0x80`, from a 64-bit program; then one by the usual entry.
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long calls = argc > 1 ? atol(argv[1]) : 1;
  for (long i = 0; i < calls; ++i) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(64L) : "memory", "r8", "r9", "r10", "r11");
  }
  syscall(SYS_getppid);
  return 0;
}
