/*
 * Peer of buddy.bench.mjs: the host's malloc. For every line on standard input it times one round of free+malloc pairs
 * of 64..1024 bytes with 32,768 live blocks and prints nanoseconds per pair.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIVE = 32768, OPS = 1 << 18 };

static uint32_t state = 2463534242u;
static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *live[LIVE];
static uint16_t slot[OPS], size[OPS];

int main(void) {
  for (int i = 0; i < LIVE; i++) live[i] = malloc(64 + next() % 961);
  for (int i = 0; i < OPS; i++) {
    slot[i] = next() % LIVE;
    size[i] = 64 + next() % 961;
  }
  while (getchar() != EOF) {
    double start = now();
    for (int i = 0; i < OPS; i++) {
      free(live[slot[i]]);
      live[slot[i]] = malloc(size[i]);
    }
    printf("%.3f\n", (now() - start) / OPS);
    fflush(stdout);
  }
  return 0;
}
