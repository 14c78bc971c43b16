/* What the bench programs share: types, a heap, and a little of <string.h>, compiled like everything else. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;
#define HEAP_BYTES (24u << 20)
static u8 heap[HEAP_BYTES] __attribute__((aligned(64)));
static u64 heap_used;

static inline void *take(u64 bytes) {
  void *p = heap + heap_used;
  heap_used += (bytes + 15) & ~15ul;
  return p;
}
static u64 random_state = 0x9e3779b97f4a7c15ul;
static inline u64 next_random(void) {
  u64 x = random_state;
  x ^= x << 13;
  x ^= x >> 7;
  return random_state = x ^ (x << 17);
}
/* gcc calls these by itself. */
__attribute__((used, noinline)) void *memcpy(void *to, const void *from, u64 n) {
  u8 *d = to;
  const u8 *s = from;
  if (((u64)d & 7) == ((u64)s & 7)) {
    for (; n && ((u64)d & 7); n--) *d++ = *s++;
    for (; n >= 32; n -= 32, d += 32, s += 32) {
      u64 a = ((const u64 *)s)[0], b = ((const u64 *)s)[1], c = ((const u64 *)s)[2], e = ((const u64 *)s)[3];
      ((u64 *)d)[0] = a, ((u64 *)d)[1] = b, ((u64 *)d)[2] = c, ((u64 *)d)[3] = e;
    }
  }
  while (n--) *d++ = *s++;
  return to;
}
__attribute__((used, noinline)) void *memset(void *to, int value, u64 n) {
  for (u8 *d = to; n--;) *d++ = (u8)value;
  return to;
}
/* Returns 0 when the sum of the results is the expected one. */
int bench(void);
