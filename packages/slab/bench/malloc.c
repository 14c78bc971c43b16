/*
 * Peer of slab.bench.mjs: the host's malloc. A line on standard input names a case; it times one round of it and prints
 * nanoseconds per malloc+free pair.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIVE = 32768, OPS = 1 << 18, BULK = 64 };

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

/* The compiler may remove a malloc whose result nobody sees. */
static void *seen(void *p) {
  __asm__ volatile("" : : "r"(p) : "memory");
  return p;
}

static void *fixed[LIVE], *mixed[LIVE];
static uint16_t slot[OPS], size[OPS];

static void hot(void) {
  for (int i = 0; i < OPS; i++) free(seen(malloc(64)));
}

static void churn(void) {
  for (int i = 0; i < OPS; i++) {
    free(fixed[slot[i]]);
    fixed[slot[i]] = malloc(64);
  }
}

static void bulk(void) {
  void *some[BULK];
  for (int i = 0; i < OPS / BULK; i++) {
    for (int j = 0; j < BULK; j++) some[j] = seen(malloc(64));
    for (int j = 0; j < BULK; j++) free(some[j]);
  }
}

static void sizes(void) {
  for (int i = 0; i < OPS; i++) {
    free(mixed[slot[i]]);
    mixed[slot[i]] = malloc(size[i]);
  }
}

int main(void) {
  char line[64];
  for (int i = 0; i < OPS; i++) {
    slot[i] = next() % LIVE;
    size[i] = 8 + next() % 1017;
  }
  for (int i = 0; i < LIVE; i++) {
    fixed[i] = malloc(64);
    mixed[i] = malloc(8 + next() % 1017);
  }
  while (fgets(line, sizeof line, stdin)) {
    double start = now();
    if (strncmp(line, "hot", 3) == 0) hot();
    else if (strncmp(line, "churn", 5) == 0) churn();
    else if (strncmp(line, "bulk", 4) == 0) bulk();
    else sizes();
    printf("%.3f\n", (now() - start) / OPS);
    fflush(stdout);
  }
  return 0;
}
