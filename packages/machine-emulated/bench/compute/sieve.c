#include "bench.h"
/* Primes below a million, by bytes. */
int bench(void) {
  enum { N = 1000000 };
  u8 *composite = take(N);
  int primes = 0;
  for (int round = 0; round < ROUNDS; round++) {
    primes = 0;
    for (int i = 0; i < N; i++) composite[i] = 0;
    for (int i = 2; i < N; i++) {
      if (composite[i]) continue;
      primes++;
      for (i64 j = (i64)i * i; j < N; j += i) composite[j] = 1;
    }
  }
  return primes != 78498;
}
