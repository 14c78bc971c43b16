#include "bench.h"
__attribute__((noinline, optimize("no-inline"))) static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
__attribute__((noinline)) static int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}
int bench(void) {
  int sum = 0;
  for (int round = 0; round < ROUNDS; round++) sum += fib(27) + ackermann(2, 60 + round % 2);
  return sum == 0;
}
