#include "bench.h"
/* Records, strings, small procedures and calls by pointer, in the proportions of systems code of old. */
struct record { struct record *next; int kind, value; char name[32]; };
static struct record first, second;
static int global_number;
static char global_letter;
static int numbers[50], table[50][50];
__attribute__((noinline)) static int compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a - *b;
}
__attribute__((noinline)) static void copy(char *to, const char *from) {
  while ((*to++ = *from++));
}
__attribute__((noinline)) static void change(int *x, int kind) { *x += kind == 2 ? 3 : global_letter == 'A' ? 10 : 7; }
__attribute__((noinline)) static void update(struct record *r) {
  struct record *n = r->next;
  *n = *r;
  r->value = 5;
  n->value = r->value;
  n->next = r->next;
  change(&n->value, n->kind);
  if (n->kind == 2) n->value = 6, change(&n->value, r->kind), n->next = first.next;
}
__attribute__((noinline)) static void arrays(int *a, int (*t)[50], int x, int y) {
  int at = x + 5;
  a[at] = y, a[at + 1] = a[at], a[at + 30] = at;
  for (int i = at; i <= at + 1; i++) t[at][i] = at;
  t[at][at - 1]++, t[at + 20][at] = a[at];
  global_number = 5;
}
__attribute__((noinline)) static int same(const char *a, const char *b) {
  int at = 2;
  char letter = 0;
  while (at <= 2) if (a[at] == b[at + 1]) letter = 'A', at++; else at += 3;
  if (letter >= 'W' && letter < 'Z') at = 7;
  return letter == 'R' ? 1 : compare(a, b) > 0;
}
static void (*const procedures[2])(struct record *) = {update, update};
int bench(void) {
  char one[32], two[32];
  first.next = &second, first.kind = 0, first.value = 40;
  copy(first.name, "SOME STRING OF A RECORD");
  copy(one, "A FIRST STRING, ABOUT THIRTY");
  for (int round = 0; round < ROUNDS * 1000; round++) {
    int x = 2, y = 3, z = 0;
    global_letter = 'A' + (round & 1);
    copy(two, "A SECOND STRING, AS LONG AS");
    global_number = !same(one, two);
    while (x < y) z = 5 * x - y, z += x + y, x++;
    arrays(numbers, table, x, z);
    procedures[round & 1](&first);
    for (char c = 'A'; c <= global_letter; c++) if (c == 'C') z++;
    y = y * x, x = y / (z + 1), y = 7 * (y - z) - x;
    change(&x, y & 3);
    first.next = &second;
  }
  return global_number == 0;
}
