// load COUNT NUMBER [MICROSECONDS]: makes that system call so often, then sleeps.
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const long count = atol(argv[1]);
  const long number = atol(argv[2]);
  for (long i = 0; i < count; ++i) syscall(number);
  if (argc > 3) usleep(atol(argv[3]));
  return 0;
}
