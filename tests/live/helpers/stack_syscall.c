// Spends its time in getrandom(), for as many milliseconds of its own time as its argument says.
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static char bytes[1 << 16];

__attribute__((noinline)) static void ask(void) {
  if (getrandom(bytes, sizeof bytes, 0) < 0) abort();
}

int main(int argc, char** argv) {
  long milliseconds = argc > 1 ? atol(argv[1]) : 100;
  do {
    ask();
  } while (clock() < milliseconds * (CLOCKS_PER_SEC / 1000));
  return 0;
}
