/* Functions with known arguments and values, called a given number of times: what uprobes are tested on. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noipa))

enum color { RED = 1, GREEN = 2, BLUE = 40 };

struct inner {
  int16_t low;
  const char *text;
};

struct point {
  int x;
  long y;
  unsigned flags : 3;
  unsigned mode : 5;
  char name[12];
  enum color color;
  struct inner inner;
  struct point *next;
};

struct pair {
  long first;
  long second;
};

struct large {
  long numbers[4];
};

KEEP int add_eight(int a, int b, int c, int d, int e, int f, int g, int h) { return a + b + c + d + e + f + g + h; }
KEEP long widths(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h) {
  return a + b + c + d + e + f + g + (long)h;
}
KEEP const char *greet(const char *name, size_t length) { return length > 3 ? "hello" : name; }
KEEP int use_point(struct point *point, enum color color) { return point->x + (int)color; }
KEEP double mixed(double scale, int number, float ratio, const char *text) { return scale * number * ratio * text[0]; }
KEEP long by_value(struct pair pair, struct large large, int last) {
  return pair.first + pair.second + large.numbers[3] + last;
}
KEEP static struct large returns_large(int first, char second) {
  return (struct large){{first, second, 0, 0}};
}
KEEP _Bool is_odd(int number) { return number & 1; }
KEEP void nothing(void) { __asm__ volatile("" ::: "memory"); }

static void *in_thread(void *number) {
  return (void *)(intptr_t)add_eight((int)(intptr_t)number, 0, 0, 0, 0, 0, 0, 0);
}

static void call_all(void) {
  struct point next = {.x = 9, .name = "next"};
  struct point point = {.x = -5, .y = 1L << 40, .flags = 5, .mode = 17, .name = "a point", .color = BLUE,
                        .inner = {-2, "inside"}, .next = &next};
  add_eight(1, -2, 3, -4, 5, -6, 7, -8);
  widths(-1, 255, -2, 65535, -3, 4294967295U, -4, 18446744073709551615UL);
  greet("you", strlen("you"));
  greet("everybody", strlen("everybody"));
  use_point(&point, GREEN);
  mixed(1.5, 7, 2.5F, "text");
  by_value((struct pair){11, 12}, (struct large){{21, 22, 23, 24}}, 31);
  returns_large(-41, 'z');
  is_odd(3);
  nothing();
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "once";
  if (strcmp(what, "once") == 0) {
    call_all();
  } else if (strcmp(what, "threads") == 0) {
    pthread_t threads[4];
    for (intptr_t i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, in_thread, (void *)(i + 1));
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  } else if (strcmp(what, "fork") == 0) {
    call_all();
    if (fork() == 0) {
      add_eight(100, 0, 0, 0, 0, 0, 0, 0);
      execl(argv[0], argv[0], "once", NULL);
      _exit(1);
    }
    wait(NULL);
  } else {
    for (long i = 0, count = atol(what); i < count; ++i) nothing();
  }
  return 0;
}
