#include "bench.h"
static void sort(int *a, int n) {
  while (n > 8) {
    int pivot = a[n / 2], i = 0, j = n - 1;
    for (;;) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i >= j) break;
      int t = a[i];
      a[i++] = a[j], a[j--] = t;
    }
    int left = j + 1;
    if (left < n - left) sort(a, left), a += left, n -= left;
    else sort(a + left, n - left), n = left;
  }
  for (int i = 1; i < n; i++) {
    int v = a[i], j = i;
    for (; j > 0 && a[j - 1] > v; j--) a[j] = a[j - 1];
    a[j] = v;
  }
}
int bench(void) {
  enum { N = 200000 };
  int *a = take(N * 4);
  int bad = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < N; i++) a[i] = (int)next_random();
    sort(a, N);
    for (int i = 1; i < N; i++) bad += a[i - 1] > a[i];
  }
  return bad != 0;
}
