/* Functions with arguments and results of every kind, called with known values: what typed arguments are tested on.
   A program of its own, at -O0 and -O2, and a library (LIBRARY) that debug_args_user calls. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEP __attribute__((noinline, noclone))
#define USED(x) ({ __asm__ volatile("" : : "g"(x) : "memory"); })

enum color { RED = 1, GREEN = 2, BLUE = -40 };
enum wide { WIDE = 1L << 40 };

struct inner {
  int16_t low;
  const char *text;
};
struct point {
  int x;
  long y;
  unsigned flags : 3;
  int mode : 5;
  char name[12];
  enum color color;
  struct inner inner;
  union {
    uint64_t whole;
    uint8_t bytes[8];
  };
  int grid[2][3];
  struct point *next;
};
struct pair {
  int a;
  long b;
};
struct large {
  long numbers[4];
};
struct mixed {
  long number;
  double fraction;
};
struct hidden; /* not known to the callers' unit */
typedef struct {
  int id;
  char tag;
} entry_t;

KEEP int widths(bool a, char b, short c, int d, long e, unsigned char f, unsigned long g, int h, signed char i) {
  USED(a), USED(b), USED(c), USED(d), USED(e), USED(f), USED(g), USED(h), USED(i);
  return -7;
}
KEEP struct point *move(struct point *p, enum color color, const char *label, void *nothing) {
  USED(color), USED(label), USED(nothing);
  return p->next;
}
KEEP long sum_pair(struct pair pair, int n) {
  USED(n);
  return pair.a + pair.b;
}
KEEP struct pair make_pair(int a, long b) { return (struct pair){a, b}; }
KEEP long sum_large(int before, struct large large, int after) {
  USED(before), USED(after);
  return large.numbers[0] + large.numbers[3];
}
KEEP struct large make_large(long first, int second) { return (struct large){{first, second, first + second, -1}}; }
KEEP double scale(double by, int times, float half, long n) {
  USED(times), USED(half), USED(n);
  return by * times;
}
KEEP int of_mixed(struct mixed mixed, int n) {
  USED(mixed.number), USED(mixed.fraction);
  return n;
}
KEEP int nine(double a, double b, double c, double d, double e, double f, double g, double h, double ninth, int n) {
  USED(a), USED(b), USED(c), USED(d), USED(e), USED(f), USED(g), USED(h), USED(ninth);
  return n;
}
KEEP bool is_entry(const entry_t *entry, entry_t value, enum wide wide) {
  USED(value.id), USED(wide);
  return entry->id == 3;
}
KEEP unsigned char small(unsigned char value) {
  USED(value);
  return value + 1;
}
KEEP void nothing(void) { __asm__ volatile(""); }
KEEP int factorial(int n) {
  if (n < 2) return 1;
  int smaller = factorial(n - 1); /* line of the recursion */
  USED(smaller);
  return n * smaller;
}
static inline __attribute__((always_inline)) int inlined(int inner) {
  int doubled = inner * 2; /* line that is inlined */
  USED(doubled);
  return doubled;
}
KEEP int outer(int first, int second) {
  nothing();
  int sum = inlined(first + 1) + second;
  USED(sum); /* line of outer */
  return sum + inlined(second);
}

void call_all(void) {
  struct point second = {.x = 2, .name = "second"};
  struct point first = {.x = -1, .y = 1L << 40, .flags = 5, .mode = -3, .name = "first", .color = BLUE,
                        .inner = {-300, "inner text"}, .whole = 0x0807060504030201, .grid = {{1, 2, 3}, {4, 5, 6}},
                        .next = &second};
  entry_t entry = {3, 'e'};
  widths(true, -1, -300, -70000, -(1L << 40), 200, UINT64_MAX, -8, -9);
  move(&first, GREEN, "a label", NULL);
  USED(make_pair(-5, 1L << 33).b);
  sum_pair((struct pair){-5, 1L << 33}, 6);
  sum_large(1, (struct large){{10, 20, 30, 40}}, 2);
  USED(make_large(100, -1).numbers[2]);
  scale(2.5, 3, 0.5F, -4);
  of_mixed((struct mixed){9, 0.25}, 11);
  nine(1, 2, 3, 4, 5, 6, 7, 8, 9.5, 12);
  is_entry(&entry, entry, WIDE);
  small(255);
  nothing();
  factorial(4);
  outer(10, 20);
}

#ifndef LIBRARY
int main(void) {
  call_all();
  return 0;
}
#endif
