// Makes a function at run time, names it in /tmp/perf-PID.map, and runs it for as many milliseconds as its argument
// says. The map is left for the tracer to read; who runs this removes it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// push %rbp; mov %rsp,%rbp; mov $1000000,%ecx; 1: dec %ecx; jnz 1b; pop %rbp; ret
static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xb9, 0x40, 0x42, 0x0f,
                                     0x00, 0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3};

int main(int argc, char** argv) {
  long milliseconds = argc > 1 ? atol(argv[1]) : 100;
  void* made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return 1;
  memcpy(made, code, sizeof code);
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
  FILE* map = fopen(path, "w");
  if (map == NULL) return 1;
  fprintf(map, "%lx %zx made::spin(int)\n", (unsigned long)made, sizeof code);
  fclose(map);
  do {
    ((void (*)(void))made)();
  } while (clock() < milliseconds * (CLOCKS_PER_SEC / 1000));
  return 0;
}
