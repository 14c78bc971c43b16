/*
 * What every guest shares: one line of output per check, no addresses, process ids or times in it, so that the output
 * under qemu-riscv64 is the expectation for every machine.
 *
 * Output is written line by line, so a fork copies no unwritten text.
 */
#ifndef CHECK_H
#define CHECK_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_failures;

__attribute__((constructor)) static void check_start(void) { setvbuf(stdout, NULL, _IOLBF, 1024); }

__attribute__((unused)) static int check_report(int ok, const char *what, int line) {
  if (ok)
    printf("ok %s\n", what);
  else
    printf("FAIL line %d: %s (errno %s)\n", line, what, strerrorname_np(errno));
  check_failures += !ok;
  return ok;
}

/* A condition that must hold. */
#define CHECK(condition) check_report((condition) ? 1 : 0, #condition, __LINE__)

/* A call that must return -1 with this errno. */
#define FAILS(call, expected)                                                                                          \
  do {                                                                                                                 \
    errno = 0;                                                                                                         \
    long result_ = (long)(call);                                                                                       \
    check_report(result_ == -1 && errno == (expected), #call " is " #expected, __LINE__);                              \
  } while (0)

/* A value to compare with the oracle's. */
#define SHOW(value) printf("%s = %lld\n", #value, (long long)(value))

/* The exit status of a guest that checks itself. */
__attribute__((unused)) static int check_end(void) {
  puts(check_failures == 0 ? "all ok" : "some failed");
  return check_failures != 0;
}

/* Folds a value into a running FNV-1a hash. */
__attribute__((unused)) static uint64_t check_mix(uint64_t hash, uint64_t value) {
  for (int i = 0; i < 8; i++, value >>= 8) hash = (hash ^ (value & 255)) * 0x100000001b3u;
  return hash;
}
#define CHECK_SEED 0xcbf29ce484222325u

/* Reproducible 64-bit numbers (splitmix64). */
__attribute__((unused)) static uint64_t check_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
#endif
