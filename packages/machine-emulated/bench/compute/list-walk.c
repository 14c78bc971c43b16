#include "bench.h"
struct node { struct node *next; u64 value; };
int bench(void) {
  enum { N = 40000 };
  struct node *nodes = take(N * sizeof *nodes);
  u32 *order = take(N * 4);
  for (u32 i = 0; i < N; i++) order[i] = i;
  for (u32 i = N - 1; i > 0; i--) {
    u32 j = next_random() % (i + 1), t = order[i];
    order[i] = order[j], order[j] = t;
  }
  for (u32 i = 0; i < N; i++) nodes[order[i]].next = i + 1 < N ? &nodes[order[i + 1]] : 0, nodes[i].value = i;
  u64 sum = 0;
  for (int round = 0; round < ROUNDS; round++)
    for (struct node *n = &nodes[order[0]]; n; n = n->next) sum += n->value;
  return sum != (u64)N * (N - 1) / 2 * ROUNDS;
}
