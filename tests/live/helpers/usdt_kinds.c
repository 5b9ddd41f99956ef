/* Probes of our own (USDT) with known arguments in places of every form. Written out in assembly where the compiler
 * would choose the place, else by sys/sdt.h. */
#define SDT_USE_VARIADIC
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#define KEEP __attribute__((noinline, noipa))

/* One semaphore for each probe that sys/sdt.h declares here. */
#define SEMAPHORE(name) unsigned short kinds_##name##_semaphore __attribute__((section(".probes"), used))
SEMAPHORE(constants);
SEMAPHORE(integers);
SEMAPHORE(text);
SEMAPHORE(twice);
SEMAPHORE(none);
SEMAPHORE(watched);

int64_t counters[4] = {-71, -72, -73, -74};
static int32_t hidden = -81;

/* A probe without semaphore, its arguments given as text; %0 is an array of int64_t, %1 the number 2. */
#define PROBE(name, arguments)                                                                   \
  __asm__ volatile(                                                                              \
      "990: nop\n"                                                                               \
      ".pushsection .note.stapsdt,\"?\",\"note\"\n"                                              \
      ".balign 4\n .4byte 992f-991f, 994f-993f, 3\n"                                             \
      "991: .asciz \"stapsdt\"\n992: .balign 4\n"                                                \
      "993: .8byte 990b\n .8byte _.stapsdt.base\n .8byte 0\n"                                    \
      " .asciz \"forms\"\n .asciz \"" #name "\"\n .asciz \"" arguments "\"\n"                    \
      "994: .balign 4\n .popsection\n" ::"D"(numbers),                                           \
      "S"(2L), "a"(0x1122334455667788L), "d"(-3L), "c"(0xfffffffffffffff8UL)                     \
      : "memory")

KEEP static void forms(const int64_t *numbers) {
  PROBE(registers, "8@%%rax 4@%%eax 2@%%ax 1@%%al 1@%%ah -8@%%rdx -4@%%edx -2@%%dx -1@%%dl 8@%%rcx");
  PROBE(unsigned_, "4@%%edx 2@%%dx 1@%%dl -4@%%rax -1@%%ah %%rsi %%esi");
  PROBE(memory, "-8@(%%rdi) -8@8(%%rdi) -8@(%%rdi,%%rsi,8) -8@8(%%rdi,%%rsi,8) -8@-8(%%rdi,%%rsi,8) 4@(%%rdi) -1@(%%rdi) -8@0x18(%%rdi)");
  PROBE(indexed, "-8@-16(%%rdi,%%rsi,8) -4@(,%%rdi,1) -2@8(%%rdi)");
  PROBE(symbols, "-8@counters(%%rip) -8@counters+8(%%rip) -8@16+counters(%%rip) -4@hidden(%%rip)");
  PROBE(constants, "-4@$-5 4@$5 8@$0x7fffffffffffffff -8@$-1 1@$255 -2@$-300 4@$-1");
  PROBE(fractions, "8f@%%xmm0 -4@$7 8f@(%%rdi) 4@%%st(0) 4@%%fs:0x10");
}

KEEP static void integers(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h) {
  STAP_PROBE8(kinds, integers, a, b, c, d, e, f, g, h);
}
KEEP static void text(const char *name, int length) { STAP_PROBE2(kinds, text, name, length); }
KEEP static void first(int number) { STAP_PROBE1(kinds, twice, number); }
KEEP static void second(int unused, long number) {
  (void)unused;
  STAP_PROBE2(kinds, twice, number + 1, 77);
}

static void all(void) {
  /* On the stack, and written before: what was never touched is not resident, and no program of the kernel can read it. */
  volatile int64_t numbers[4] = {-11, -12, -13, -14};
  char hello[] = "hello";
  char goodbye[] = "goodbye";
  hidden -= 1;
  forms((const int64_t *)numbers);
  STAP_PROBE3(kinds, constants, 1, -2, 3);
  integers(-1, 255, -2, 65535, -3, 4294967295U, -4, 18446744073709551615UL);
  text(hello, 5);
  text(goodbye, 7);
  first(41);
  second(0, 1L << 40);
  STAP_PROBE(kinds, none);
  if (kinds_watched_semaphore != 0) STAP_PROBE1(kinds, watched, kinds_watched_semaphore);
  printf("%d\n", kinds_watched_semaphore);
  fflush(stdout);
}

/* Usage: usdt_kinds          every probe once
 *        usdt_kinds wait     the same at each line of standard input; then says whether anybody watches */
int main(int argc, char **argv) {
  char line[64];
  if (argc < 2) {
    all();
  } else if (strcmp(argv[1], "wait") == 0) {
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) all();
  }
  return 0;
}
