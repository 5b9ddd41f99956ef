// Prints the address of a number; for each line "write N" or "read N" that it reads, two threads do so N times each.
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static volatile long number;
static int count;
static int is_write;

static void* work(void* unused) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    if (is_write) {
      number = i;
    } else {
      sum += number;
    }
  }
  (void)sum;
  return unused;
}

int main(void) {
  printf("%p\n", (void*)&number);
  fflush(stdout);
  char word[16];
  while (scanf("%15s %d", word, &count) == 2) {
    is_write = strcmp(word, "write") == 0;
    pthread_t other;
    pthread_create(&other, NULL, work, NULL);
    work(NULL);
    pthread_join(other, NULL);
    puts("done");
    fflush(stdout);
  }
  return 0;
}
