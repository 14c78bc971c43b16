/* All solutions of the queens puzzle: recursion and bit tricks. */
#include "check.h"

static long place(unsigned columns, unsigned left, unsigned right, unsigned all) {
  if (columns == all) return 1;
  long count = 0;
  for (unsigned free = all & ~(columns | left | right); free != 0; free &= free - 1) {
    unsigned bit = free & -free;
    count += place(columns | bit, (left | bit) << 1, (right | bit) >> 1, all);
  }
  return count;
}

int main(void) {
  for (unsigned n = 1; n <= 10; n++) printf("%u: %ld\n", n, place(0, 0, 0, (1u << n) - 1));
  return 0;
}
