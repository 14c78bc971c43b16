/* What only RISC-V defines: saturating conversions, NaN boxing and canonical NaNs, min/max, class, the RMM mode. */
#include "fp.h"

#define CONVERT(name, mnemonic, mode)                                                                                  \
  static uint64_t name(double a) {                                                                                     \
    uint64_t result;                                                                                                   \
    asm volatile(mnemonic " %0, %1, " mode : "=r"(result) : "f"(a));                                                   \
    return result;                                                                                                     \
  }
CONVERT(w_rne, "fcvt.w.d", "rne")
CONVERT(w_rmm, "fcvt.w.d", "rmm")
CONVERT(wu_rtz, "fcvt.wu.d", "rtz")
CONVERT(wu_rdn, "fcvt.wu.d", "rdn")
CONVERT(l_rup, "fcvt.l.d", "rup")
CONVERT(l_rmm, "fcvt.l.d", "rmm")
CONVERT(lu_rtz, "fcvt.lu.d", "rtz")
CONVERT(lu_dyn, "fcvt.lu.d", "dyn")

#define RAW(name, code, constraint)                                                                                    \
  static uint64_t name(double a) {                                                                                     \
    uint64_t result;                                                                                                   \
    asm volatile(code : "=r"(result) : constraint(a) : "ft0", "ft1");                                                  \
    return result;                                                                                                     \
  }
RAW(class_d, "fclass.d %0, %1", "f")
RAW(class_s, "fclass.s %0, %1", "f") /* a double is no boxed float: the class of the canonical NaN */
RAW(min_one, "li %0, 1\n fcvt.d.l ft0, %0\n fmin.d ft0, ft0, %1\n fmv.x.d %0, ft0", "f")
RAW(max_negative_zero, "li %0, 1\n slli %0, %0, 63\n fmv.d.x ft0, %0\n fmax.d ft0, %1, ft0\n fmv.x.d %0, ft0", "f")
RAW(add_nan, "fadd.d ft0, %1, %1\n fmv.x.d %0, ft0", "f")
RAW(root, "fsqrt.d ft0, %1\n fmv.x.d %0, ft0", "f")
RAW(narrow_rmm, "fcvt.s.d ft0, %1, rmm\n fmv.x.d %0, ft0", "f")
RAW(third_rmm, "li %0, 3\n fcvt.d.l ft0, %0\n fdiv.d ft0, %1, ft0, rmm\n fmv.x.d %0, ft0", "f")
RAW(sign_xor, "fsgnjx.d ft0, %1, %1\n fsgnjn.d ft0, ft0, ft0\n fmv.x.d %0, ft0", "f")
RAW(unboxed, "fadd.s ft0, %1, %1\n fmv.x.d %0, ft0", "f")
RAW(moved, "fmv.x.w %0, %1", "f")
RAW(less, "fmv.d.x ft0, zero\n flt.d %0, %1, ft0", "f")
RAW(equal, "feq.d %0, %1, %1", "f")

static const struct {
  const char *name;
  uint64_t (*run)(double);
} operations[] = {{"w-rne", w_rne},     {"w-rmm", w_rmm},   {"wu-rtz", wu_rtz},         {"wu-rdn", wu_rdn},
                  {"l-rup", l_rup},     {"l-rmm", l_rmm},   {"lu-rtz", lu_rtz},         {"lu-dyn", lu_dyn},
                  {"class-d", class_d}, {"class-s", class_s}, {"min-one", min_one},     {"max--0", max_negative_zero},
                  {"add", add_nan},     {"root", root},     {"narrow-rmm", narrow_rmm}, {"third-rmm", third_rmm},
                  {"sign-xor", sign_xor}, {"unboxed", unboxed}, {"moved", moved},       {"less", less},
                  {"equal", equal}};

static const uint64_t more[] = {0x7ff0000000000001, 0xfff7ffffffffffff, 0x7ff8000000001234, 0xffffffff3f800000,
                                0xffffffff7f800001, 0x3fe0000000000000, 0xbfe0000000000000, 0x3ff8000000000000,
                                0x4004000000000000, 0x41f0000000000000, 0x43e0000000000000, 0x43f0000000000000,
                                0xc3e0000000000001, 0x36a8000000000000};

static uint64_t exchange_fcsr(uint64_t value) {
  uint64_t old;
  asm volatile("csrrw %0, fcsr, %1" : "=r"(old) : "r"(value));
  return old;
}

int main(void) {
  for (uint64_t mode = 0; mode < 5; mode++)
    for (unsigned o = 0; o < sizeof operations / sizeof *operations; o++) {
      uint64_t state = o, hash = CHECK_SEED;
      for (unsigned i = 0; i < 14 + FP_SPECIAL + 200; i++) {
        double a = fp_double(i < 14 ? more[i] : fp_operand(i - 14, &state));
        exchange_fcsr(mode << 5);
        uint64_t result = operations[o].run(a), after = exchange_fcsr(0);
        hash = check_mix(check_mix(hash, result), after);
        if (mode == 0 && i < 14 + FP_SPECIAL)
          printf("%s %d %016llx %02llx\n", operations[o].name, i, (unsigned long long)result, (unsigned long long)after);
      }
      printf("mode %llu %s %016llx\n", (unsigned long long)mode, operations[o].name, (unsigned long long)hash);
    }
  exchange_fcsr(~0ull);
  printf("fcsr keeps %llx\n", (unsigned long long)exchange_fcsr(0));
  return 0;
}
