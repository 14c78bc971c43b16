/*
 * Operands and bookkeeping for the floating-point guests. The host and the guest compute the same from the same source,
 * so the output must be equal bit for bit; NaN results are made canonical because IEEE 754 leaves their payload open.
 */
#ifndef FP_H
#define FP_H
#include "check.h"
#include <fenv.h>
#include <math.h>

static const struct {
  int mode;
  const char *name;
} fp_modes[] = {{FE_TONEAREST, "nearest"}, {FE_TOWARDZERO, "zero"}, {FE_DOWNWARD, "down"}, {FE_UPWARD, "up"}};

static const uint64_t fp_special[] = {
    0x0000000000000000, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
    0x0000000000000001, 0x800fffffffffffff, 0x0010000000000000, 0x8010000000000001, 0x7fefffffffffffff,
    0xffefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0xbfefffffffffffff, 0x3fb999999999999a,
    0x4340000000000001, 0x4330000000000001, 0x41dfffffffc00000, 0xc1e0000000200000, 0x36a0000000000000,
    0x47efffffe0000000, 0x380fffffe0000000, 0x3690000000000000, 0x400921fb54442d18,
};
enum { FP_SPECIAL = sizeof fp_special / sizeof *fp_special };

static inline double fp_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, 8);
  return value;
}
static inline uint64_t fp_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  return value != value ? 0x7ff8000000000000 : bits;
}
static inline float fp_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
static inline uint32_t fp_float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return value != value ? 0x7fc00000 : bits;
}

/* The i-th operand: first every special value, then random ones, every other with an exponent near one's. */
static inline uint64_t fp_operand(unsigned i, uint64_t *state) {
  uint64_t bits = check_random(state);
  if (i < FP_SPECIAL) return fp_special[i];
  if (i % 2) bits = (bits & 0x800fffffffffffff) | (0x3f0 + (bits >> 52) % 32) << 52;
  return bits;
}

/* The five exceptions in one portable number. */
static inline unsigned fp_flags(void) {
  int raised = fetestexcept(FE_ALL_EXCEPT);
  return (raised & FE_INVALID ? 1 : 0) + (raised & FE_DIVBYZERO ? 2 : 0) + (raised & FE_OVERFLOW ? 4 : 0) +
         (raised & FE_UNDERFLOW ? 8 : 0) + (raised & FE_INEXACT ? 16 : 0);
}
#endif
