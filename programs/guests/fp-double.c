/* Double arithmetic and comparison in every rounding mode, results and exception flags, thousands of operations. */
#include "fp.h"

#define OPERATION(name, expression)                                                                                    \
  __attribute__((noinline)) static uint64_t name(double a, double b, double c) {                                       \
    (void)b, (void)c;                                                                                                  \
    return expression;                                                                                                 \
  }
OPERATION(add, fp_bits(a + b))
OPERATION(subtract, fp_bits(a - b))
OPERATION(multiply, fp_bits(a * b))
OPERATION(divide, fp_bits(a / b))
OPERATION(root, fp_bits(sqrt(a)))
OPERATION(fused, fp_bits(fma(a, b, c)))
OPERATION(fused_negated, fp_bits(-fma(a, b, -c)))
OPERATION(compare, (uint64_t)((a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | isunordered(a, b) << 4))
OPERATION(sign, fp_bits(copysign(fabs(a), b)))
OPERATION(narrow, fp_float_bits((float)a))

static const struct {
  const char *name;
  uint64_t (*run)(double, double, double);
} operations[] = {
    {"add", add},         {"subtract", subtract}, {"multiply", multiply}, {"divide", divide}, {"root", root},
    {"fused", fused},     {"fused-negated", fused_negated}, {"compare", compare}, {"sign", sign}, {"narrow", narrow},
};

int main(void) {
  for (unsigned m = 0; m < sizeof fp_modes / sizeof *fp_modes; m++)
    for (unsigned o = 0; o < sizeof operations / sizeof *operations; o++) {
      uint64_t state = o, results = CHECK_SEED, flags = CHECK_SEED;
      fesetround(fp_modes[m].mode);
      for (unsigned i = 0; i < FP_SPECIAL * FP_SPECIAL + 600; i++) {
        double a = fp_double(fp_operand(i % FP_SPECIAL + (i < FP_SPECIAL * FP_SPECIAL ? 0 : i), &state));
        double b = fp_double(fp_operand(i / FP_SPECIAL % FP_SPECIAL + (i < FP_SPECIAL * FP_SPECIAL ? 0 : i), &state));
        double c = fp_double(fp_operand(i % 7 + i / 3, &state));
        feclearexcept(FE_ALL_EXCEPT);
        uint64_t result = operations[o].run(a, b, c);
        unsigned raised = fp_flags();
        if (isnan(c)) raised &= ~1u; /* infinity times zero plus NaN: IEEE 754 leaves `invalid` open */
        if ((result & 0x7fffffffffffffff) == 0x0010000000000000) raised &= ~8u; /* IEEE 754 leaves open when tininess is looked for */
        results = check_mix(results, result);
        flags = check_mix(flags, raised);
        if (i % 97 == 35) printf("%s %016llx %u\n", operations[o].name, (unsigned long long)result, raised);
      }
      fesetround(FE_TONEAREST);
      printf("%s %s results %016llx flags %016llx\n", fp_modes[m].name, operations[o].name, (unsigned long long)results,
             (unsigned long long)flags);
    }
  return 0;
}
