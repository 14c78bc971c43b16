#include "bench.h"
int bench(void) {
  enum { N = 120 };
  double(*a)[N] = take(sizeof(double[N][N])), (*b)[N] = take(sizeof(double[N][N])), (*c)[N] = take(sizeof(double[N][N]));
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = (i * 31 + j * 17) % 97 / 3.0 + 0.1, b[i][j] = (i * 13 + j * 7) % 89 / 7.0 - 5;
  double check = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int x = 0; x < N; x++) sum += a[i][x] * b[x][j];
        c[i][j] = sum;
      }
    check += c[round % N][round % 7];
  }
  return check == 0;
}
