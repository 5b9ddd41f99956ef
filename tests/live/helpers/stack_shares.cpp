// Spends 60 % of its time in work::Heavy (C++), 30 % in middle (C) and 10 % in Light (a shared library), for as many
// milliseconds of its own time as its argument says.
#include "stack_shares.h"

#include <cstdlib>
#include <ctime>

namespace work {

struct Amount {
  unsigned long rounds = 0;
};

__attribute__((noinline)) void Heavy(const Amount& amount) { Spin(amount.rounds); }

}  // namespace work

extern "C" __attribute__((noinline)) void middle(unsigned long rounds) { Spin(rounds); }

__attribute__((noinline)) void AllOfThem(unsigned long unit) {
  work::Heavy({6 * unit});
  middle(3 * unit);
  Light(unit);
}

int main(int argc, char** argv) {
  const std::clock_t end = (argc > 1 ? std::atol(argv[1]) : 100) * (CLOCKS_PER_SEC / 1000);
  while (std::clock() < end) AllOfThem(50000);
}
