/* Integer arithmetic at its edges: division, remainders, wide products, shifts, bit counts, narrow types. */
#include "check.h"

static const uint64_t edges[] = {0, 1, 2, 3, 7, 10, 255, 256, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
                                 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, 0xffffffffffffffff};
enum { EDGES = sizeof edges / sizeof *edges };

__attribute__((noinline)) static uint64_t divisions(uint64_t a, uint64_t b) {
  uint64_t hash = CHECK_SEED;
  int64_t sa = (int64_t)a, sb = (int64_t)b;
  if (b != 0) hash = check_mix(check_mix(hash, a / b), a % b);
  if (b != 0 && !(sa == INT64_MIN && sb == -1)) hash = check_mix(check_mix(hash, (uint64_t)(sa / sb)), (uint64_t)(sa % sb));
  uint32_t wa = (uint32_t)a, wb = (uint32_t)b;
  int32_t swa = (int32_t)a, swb = (int32_t)b;
  if (wb != 0) hash = check_mix(check_mix(hash, wa / wb), wa % wb);
  if (wb != 0 && !(swa == INT32_MIN && swb == -1)) hash = check_mix(check_mix(hash, (uint64_t)(swa / swb)), (uint64_t)(swa % swb));
  return hash;
}

__attribute__((noinline)) static uint64_t products(uint64_t a, uint64_t b) {
  unsigned __int128 wide = (unsigned __int128)a * b;
  __int128 signed_wide = (__int128)(int64_t)a * (int64_t)b, mixed = (__int128)(int64_t)a * (__int128)b;
  uint64_t hash = check_mix(CHECK_SEED, (uint64_t)wide);
  hash = check_mix(hash, (uint64_t)(wide >> 64));
  hash = check_mix(hash, (uint64_t)(signed_wide >> 64));
  hash = check_mix(hash, (uint64_t)(mixed >> 64));
  if (b != 0) hash = check_mix(hash, (uint64_t)((wide + a) / b) ^ (uint64_t)((wide + a) % b));
  return check_mix(hash, (uint32_t)a * (uint32_t)b);
}

__attribute__((noinline)) static uint64_t bits(uint64_t a, uint64_t b) {
  unsigned by = b & 63, narrow = b & 31;
  uint64_t hash = check_mix(CHECK_SEED, a << by);
  hash = check_mix(hash, a >> by);
  hash = check_mix(hash, (uint64_t)((int64_t)a >> by));
  hash = check_mix(hash, (uint32_t)a << narrow);
  hash = check_mix(hash, (uint64_t)(int64_t)((int32_t)a >> narrow));
  hash = check_mix(hash, (a << by) | (a >> (-by & 63)));
  hash = check_mix(hash, (uint64_t)__builtin_popcountll(a) * 1000 + (a ? (uint64_t)__builtin_clzll(a) * 64 + (uint64_t)__builtin_ctzll(a) : 0));
  hash = check_mix(hash, __builtin_bswap64(a) ^ __builtin_bswap32((uint32_t)b));
  return check_mix(hash, (uint64_t)((a < b) | ((int64_t)a < (int64_t)b) << 1 | ((int8_t)a < (int16_t)b) << 2));
}

int main(void) {
  uint64_t state = 5, totals[3] = {CHECK_SEED, CHECK_SEED, CHECK_SEED};
  for (unsigned i = 0; i < EDGES * EDGES + 5000; i++) {
    uint64_t a = i < EDGES * EDGES ? edges[i % EDGES] : check_random(&state);
    uint64_t b = i < EDGES * EDGES ? edges[i / EDGES] : check_random(&state) >> (i % 60);
    totals[0] = check_mix(totals[0], divisions(a, b));
    totals[1] = check_mix(totals[1], products(a, b));
    totals[2] = check_mix(totals[2], bits(a, b));
  }
  for (int i = 0; i < 3; i++) printf("%016llx\n", (unsigned long long)totals[i]);
  return 0;
}
