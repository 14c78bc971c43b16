/* Float arithmetic in every rounding mode, results and exception flags. */
#include "fp.h"

#define OPERATION(name, expression)                                                                                    \
  __attribute__((noinline)) static uint64_t name(float a, float b, float c) {                                          \
    (void)b, (void)c;                                                                                                  \
    return expression;                                                                                                 \
  }
OPERATION(add, fp_float_bits(a + b))
OPERATION(subtract, fp_float_bits(a - b))
OPERATION(multiply, fp_float_bits(a * b))
OPERATION(divide, fp_float_bits(a / b))
OPERATION(root, fp_float_bits(sqrtf(a)))
OPERATION(fused, fp_float_bits(fmaf(a, b, c)))
OPERATION(compare, (uint64_t)((a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | isunordered(a, b) << 4))
OPERATION(widen, fp_bits((double)a * (double)b))

static const struct {
  const char *name;
  uint64_t (*run)(float, float, float);
} operations[] = {{"add", add},   {"subtract", subtract}, {"multiply", multiply}, {"divide", divide},
                  {"root", root}, {"fused", fused},       {"compare", compare},   {"widen", widen}};

/* A float operand: a special double narrowed by its bits, or random. */
static float operand(unsigned i, uint64_t *state) {
  uint64_t bits = check_random(state);
  static const uint32_t special[] = {0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 1,
                                     0x807fffff, 0x00800000, 0x7f7fffff, 0x3f800000, 0x3f800001, 0xbf7fffff,
                                     0x4b800001, 0x4f000000, 0x3dcccccd, 0x00400000};
  if (i < 16) return fp_float(special[i]);
  if (i % 2) bits = (bits & 0x807fffff) | (0x70 + (bits >> 40) % 32) << 23;
  return fp_float((uint32_t)bits);
}

int main(void) {
  for (unsigned m = 0; m < sizeof fp_modes / sizeof *fp_modes; m++)
    for (unsigned o = 0; o < sizeof operations / sizeof *operations; o++) {
      uint64_t state = o, results = CHECK_SEED, flags = CHECK_SEED;
      fesetround(fp_modes[m].mode);
      for (unsigned i = 0; i < 1000; i++) {
        float a = operand(i < 256 ? i % 16 : i, &state), b = operand(i < 256 ? i / 16 : i, &state);
        float c = operand(i % 5 + i / 3, &state);
        feclearexcept(FE_ALL_EXCEPT);
        uint64_t result = operations[o].run(a, b, c);
        unsigned raised = fp_flags();
        if (isnan(c)) raised &= ~1u; /* infinity times zero plus NaN: IEEE 754 leaves `invalid` open */
        if ((result & 0x7fffffff) == 0x00800000) raised &= ~8u; /* IEEE 754 leaves open when tininess is looked for */
        results = check_mix(results, result);
        flags = check_mix(flags, raised);
        if (i % 119 == 35) printf("%s %08llx %u\n", operations[o].name, (unsigned long long)result, raised);
      }
      fesetround(FE_TONEAREST);
      printf("%s %s results %016llx flags %016llx\n", fp_modes[m].name, operations[o].name, (unsigned long long)results,
             (unsigned long long)flags);
    }
  return 0;
}
