#include "bench.h"
/* A linked list that is searched, reversed and merge-sorted, integer matrices, a state machine over text, and a CRC of it. */
struct item { struct item *next; short data, index; };
static u32 crc16(u32 data, u32 crc) {
  for (int i = 0; i < 16; i++, data >>= 1) crc = (data ^ crc) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
  return crc;
}
static int by_data(const struct item *a, const struct item *b) { return a->data - b->data; }
static int by_index(const struct item *a, const struct item *b) { return a->index - b->index; }
__attribute__((noinline)) static struct item *merge_sort(struct item *list, int (*order)(const struct item *, const struct item *)) {
  for (int size = 1;; size *= 2) {
    struct item *p = list, *tail = 0;
    int merges = 0;
    list = 0;
    while (p) {
      struct item *q = p;
      int left = 0, right = size;
      merges++;
      for (; left < size && q; left++) q = q->next;
      while (left > 0 || (right > 0 && q)) {
        struct item *e;
        if (left > 0 && (right == 0 || !q || order(p, q) <= 0)) e = p, p = p->next, left--;
        else e = q, q = q->next, right--;
        if (tail) tail->next = e;
        else list = e;
        tail = e;
      }
      p = q;
    }
    tail->next = 0;
    if (merges <= 1) return list;
  }
}
static struct item *reverse(struct item *list) {
  struct item *done = 0;
  while (list) {
    struct item *next = list->next;
    list->next = done, done = list, list = next;
  }
  return done;
}
static struct item *find(struct item *list, short data) {
  while (list && (list->data & 0xff) != data) list = list->next;
  return list;
}
enum { M = 9 };
static short ma[M * M], mb[M * M];
static int mc[M * M];
__attribute__((noinline)) static u32 matrices(u32 crc, short v) {
  for (int i = 0; i < M * M; i++) ma[i] = (short)(ma[i] + v);
  for (int i = 0; i < M * M; i++) mc[i] = ma[i] * (int)v;
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++) {
      int sum = 0;
      for (int k = 0; k < M; k++) sum += (ma[i * M + k] * (int)mb[k * M + j] >> 2 & 15) * (ma[i * M + k] * (int)mb[k * M + j] >> 5 & 127);
      mc[i * M + j] += sum;
    }
  for (int i = 0; i < M * M; i++) ma[i] = (short)(ma[i] - v), crc = (i & 7) == 0 ? crc16((u32)mc[i], crc) : crc;
  return crc;
}
enum state { START, SIGN, INT, FLOAT, EXPONENT, SCIENTIFIC, INVALID, STATES };
__attribute__((noinline)) static enum state scan(const u8 **text, u32 *count) {
  const u8 *p = *text;
  enum state s = START;
  for (; *p && s != INVALID; p++) {
    u8 c = *p;
    int digit = c >= '0' && c <= '9';
    if (c == ',') { p++; break; }
    switch (s) {
      case START: s = digit ? INT : c == '+' || c == '-' ? SIGN : c == '.' ? FLOAT : INVALID; break;
      case SIGN: s = digit ? INT : c == '.' ? FLOAT : INVALID; break;
      case INT: s = c == '.' ? FLOAT : digit ? INT : INVALID; break;
      case FLOAT: s = c == 'E' || c == 'e' ? EXPONENT : digit ? FLOAT : INVALID; break;
      case EXPONENT: s = c == '+' || c == '-' ? SCIENTIFIC : INVALID; break;
      case SCIENTIFIC: s = digit ? SCIENTIFIC : INVALID; break;
      default: break;
    }
    count[s]++;
  }
  *text = p;
  return s;
}
int bench(void) {
  enum { N = 120 };
  struct item *items = take(N * sizeof *items), *list = items;
  for (int i = 0; i < N; i++) items[i] = (struct item){i + 1 < N ? items + i + 1 : 0, (short)(next_random() & 0x7fff), (short)i};
  for (int i = 0; i < M * M; i++) ma[i] = (short)(next_random() & 255), mb[i] = (short)(next_random() & 255);
  u8 *text = take(512);
  static const char *const words[] = {"5012,", "-874.5,", "+122,", "35.54e+4,", ".123,", "T0.3e,", "-110.7,", "8e9x,"};
  int at = 0;
  while (at < 480) for (const char *w = words[next_random() & 7]; *w; w++) text[at++] = (u8)*w;
  text[at] = 0;
  u32 crc = 0, count[STATES] = {0};
  for (int round = 0; round < ROUNDS * 10; round++) {
    for (int i = 0; i < 20; i++) {
      struct item *found = find(list, (short)(round + i * 11 & 0xff));
      list = reverse(list);
      crc = crc16(found ? (u32)found->data : (u32)i, crc);
    }
    list = merge_sort(list, by_data);
    crc = crc16((u32)list->data, crc);
    list = merge_sort(list, by_index);
    crc = matrices(crc, (short)(round & 31));
    for (const u8 *p = text; *p;) crc = crc16(scan(&p, count), crc);
  }
  return crc == 0 && count[INT] == 0;
}
