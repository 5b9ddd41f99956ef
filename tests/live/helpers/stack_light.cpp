// A function in a shared library: see stack_shares.cpp.
#include "stack_shares.h"

void Light(unsigned long rounds) { Spin(rounds); }
