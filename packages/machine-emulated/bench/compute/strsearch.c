#include "bench.h"
__attribute__((noinline)) static u64 length(const char *s) {
  const char *p = s;
  while (*p) p++;
  return (u64)(p - s);
}
__attribute__((noinline)) static const char *find(const char *text, const char *word) {
  for (; *text; text++) {
    const char *t = text, *w = word;
    while (*w && *t == *w) t++, w++;
    if (!*w) return text;
  }
  return 0;
}
int bench(void) {
  enum { N = 50000 };
  char *text = take(N + 1);
  for (int i = 0; i < N; i++) text[i] = "etaoin shrdlu"[next_random() % 13];
  text[N] = 0;
  memcpy(text + N - 10, "needlework", 10);
  u64 sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    sum += length(text);
    for (const char *p = text; (p = find(p, "tin")); p++) sum++;
    sum += (u64)(find(text, "needle") - text);
  }
  return sum == 0;
}
