#pragma once

// The same work for all, part of whoever calls it.
__attribute__((always_inline)) inline void Spin(unsigned long rounds) {
  for (unsigned long i = 0; i < rounds; ++i) asm volatile("" : "+r"(i));
}

__attribute__((noinline)) void Light(unsigned long rounds);
