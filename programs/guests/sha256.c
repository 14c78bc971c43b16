/* SHA-256 of a mebibyte: rotations, additions and table look-ups. */
#include "check.h"

static uint32_t constants[64], state[8];

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* The first 32 bits of the fraction of the root (exponent 2 or 3) of a prime, in integers. */
static uint32_t fraction(unsigned prime, int exponent) {
  unsigned __int128 target = (unsigned __int128)prime << (exponent == 2 ? 64 : 96);
  uint64_t low = 0, high = 1ull << 40;
  while (low + 1 < high) {
    uint64_t middle = (low + high) / 2;
    unsigned __int128 power = (unsigned __int128)middle * middle;
    if (exponent == 3) power *= middle;
    if (power <= target) low = middle;
    else high = middle;
  }
  return (uint32_t)low;
}

static void initialise(void) {
  unsigned count = 0;
  for (unsigned p = 2; count < 64; p++) {
    unsigned d = 2;
    while (d * d <= p && p % d != 0) d++;
    if (d * d <= p) continue;
    if (count < 8) state[count] = fraction(p, 2);
    constants[count++] = fraction(p, 3);
  }
}

static void compress(const uint8_t *block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t a = v[0], e = v[4];
    uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + constants[i] + w[i];
    uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}

int main(void) {
  uint8_t block[64] = {0};
  const int blocks = 16384;
  initialise();
  for (int i = 0; i < blocks; i++) {
    memset(block, i & 255, sizeof block);
    compress(block);
  }
  memset(block, 0, sizeof block);
  block[0] = 0x80;
  uint64_t bits = (uint64_t)blocks * 512;
  for (int i = 0; i < 8; i++) block[63 - i] = (uint8_t)(bits >> 8 * i);
  compress(block);
  for (int i = 0; i < 8; i++) printf("%08x", state[i]);
  puts("");
  return 0;
}
