#pragma once

// The same work for all, part of whoever calls it.
__attribute__((always_inline)) inline void Spin(unsigned long rounds) {
  // Each round waits for the one before, wherever the code lies: a loop of nothing is faster in one place than in another.
  unsigned long product = rounds;
  for (unsigned long i = 0; i < rounds; ++i) asm volatile("imul $3, %0, %0" : "+r"(product));
}

__attribute__((noinline)) void Light(unsigned long rounds);
