/* Variables of known values, which uaddr() is tested on, and functions that are in it when they are traced. */
#include <stdint.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noipa))

uint8_t byte = 200;
int16_t half = 300;
int32_t word = 70000;
uint64_t whole = 1UL << 40;
static int32_t hidden = 41;
static int32_t zeroed; /* in .bss */
char text[] = "a text of the program";
const char *pointer = text;

KEEP void first(void) { __asm__ volatile("" ::: "memory"); }
KEEP void second(void) { ++hidden, zeroed = 9; __asm__ volatile("" ::"m"(hidden), "m"(zeroed) : "memory"); }
KEEP long many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l, long m,
               long n, long o, long p) {
  return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p;
}
KEEP void third(void) { __asm__ volatile("" ::: "memory"); }

int main(int argc, char **argv) {
  first();
  second();
  third();
  many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -16);
  if (argc > 1) usleep(400000); /* so that it can still be asked what it has mapped */
  return argv == 0;
}
