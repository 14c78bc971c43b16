#include "bench.h"
int bench(void) {
  enum { N = 1 << 18 };
  u8 *a = take(N + 64), *b = take(N + 64);
  for (int i = 0; i < N; i++) a[i] = (u8)(i * 7);
  for (int round = 0; round < ROUNDS; round++) {
    memcpy(b + (round & 8), a + (round & 8), N);
    for (int i = 0; i < 400; i++) memcpy(b + i * 64, a + i * 32, 100);
    memset(b + 17, round, 3000);
  }
  return b[N - 1] != a[N - 1];
}
