// access CALLS CPU RESULT [LENGTH]: as getppid, with a call that has a path of LENGTH bytes (40) as its argument.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

static char path[8192] = "/";

static void Call(void) { access(path, F_OK); }

int main(int argc, char** argv) {
  const size_t length = argc > 4 ? (size_t)atol(argv[4]) : 40;
  if (length < 2 || length >= sizeof path) {
    fprintf(stderr, "%s: a path of 2 to %zu bytes\n", argv[0], sizeof path - 1);
    return 2;
  }
  memset(path + 1, 'x', length - 1);
  const struct Loop loop = ReadLoop(argc > 4 ? 4 : argc, argv);
  return RunLoop(&loop, Call);
}
