/* Printing and parsing numbers: the C library's multi-precision arithmetic must round exactly. */
#include "fp.h"

int main(void) {
  uint64_t state = 11;
  int returned = 0;
  for (unsigned i = 0; i < 400; i++) {
    double value = fp_double(fp_operand(i, &state));
    char text[64];
    if (!isfinite(value)) continue;
    snprintf(text, sizeof text, "%.17g", value);
    returned += strtod(text, NULL) == value;
    if (i % 8 == 0) printf("%s %a %.3e %.20g\n", text, value, value, value);
  }
  SHOW(returned);
  for (unsigned m = 0; m < 4; m++) {
    fesetround(fp_modes[m].mode);
    printf("%s %.3f %.0f %.10e %a\n", fp_modes[m].name, 2.0005, 2.5, 1.0 / 3, strtod("0.1", NULL));
    fesetround(FE_TONEAREST);
  }
  printf("%s\n", strtod("1e400", NULL) == HUGE_VAL && errno == ERANGE ? "overflow" : "no overflow");
  return 0;
}
