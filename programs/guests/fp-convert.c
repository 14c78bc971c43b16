/* Conversions between integers and floating point in every rounding mode; only values that C defines. */
#include "fp.h"

#define FROM(name, type, to, bits)                                                                                     \
  __attribute__((noinline)) static uint64_t name(uint64_t x) { return bits((to)(type)x); }
FROM(i32_double, int32_t, double, fp_bits)
FROM(u32_double, uint32_t, double, fp_bits)
FROM(i64_double, int64_t, double, fp_bits)
FROM(u64_double, uint64_t, double, fp_bits)
FROM(i32_float, int32_t, float, fp_float_bits)
FROM(u32_float, uint32_t, float, fp_float_bits)
FROM(i64_float, int64_t, float, fp_float_bits)
FROM(u64_float, uint64_t, float, fp_float_bits)

/* Truncating ones: the operand is scaled into the type's range first. */
#define TO(name, type, scale)                                                                                          \
  __attribute__((noinline)) static uint64_t name(uint64_t x) {                                                         \
    double value = (double)(int64_t)x / 9223372036854775808.0 * (scale);                                               \
    if ((type)-1 > 0 && value < 0) value = -value;                                                                     \
    return (uint64_t)(type)value ^ (uint64_t)(type)(float)(value * 0.9375);                                            \
  }
TO(to_i32, int32_t, 2147483000.0)
TO(to_u32, uint32_t, 4294967000.0)
TO(to_i64, int64_t, 9.2e18)
TO(to_u64, uint64_t, 1.8e19)

/* In the current rounding mode. */
__attribute__((noinline)) static uint64_t rounded(uint64_t x) {
  double value = (double)(int64_t)x / 1e15;
  return check_mix((uint64_t)lrint(value), (uint64_t)llrint(value / 2)) + (uint64_t)lrintf((float)value);
}

static const struct {
  const char *name;
  uint64_t (*run)(uint64_t);
} conversions[] = {{"i32-double", i32_double}, {"u32-double", u32_double}, {"i64-double", i64_double},
                   {"u64-double", u64_double}, {"i32-float", i32_float},   {"u32-float", u32_float},
                   {"i64-float", i64_float},   {"u64-float", u64_float},   {"to-i32", to_i32},
                   {"to-u32", to_u32},         {"to-i64", to_i64},         {"to-u64", to_u64},
                   {"rounded", rounded}};

int main(void) {
  for (unsigned m = 0; m < sizeof fp_modes / sizeof *fp_modes; m++)
    for (unsigned c = 0; c < sizeof conversions / sizeof *conversions; c++) {
      uint64_t state = c, results = CHECK_SEED;
      fesetround(fp_modes[m].mode);
      for (unsigned i = 0; i < 1000; i++) {
        uint64_t x = check_random(&state);
        x >>= (x & 7) == 0 ? x >> 58 : 0;
        if (i < 64) x = 1ull << i;
        else if (i < 128) x = ~0ull >> (i - 64);
        uint64_t result = conversions[c].run(x);
        results = check_mix(results, result);
        if (i % 199 == 63) printf("%s %016llx %016llx\n", conversions[c].name, (unsigned long long)x, (unsigned long long)result);
      }
      fesetround(FE_TONEAREST);
      printf("%s %s %016llx\n", fp_modes[m].name, conversions[c].name, (unsigned long long)results);
    }
  return 0;
}
