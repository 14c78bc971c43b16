/* A thousand digits of pi by a spigot: long division over an array. */
#include "check.h"

enum { DIGITS = 1000, CELLS = DIGITS * 10 / 3 + 1 };

int main(void) {
  static int cells[CELLS];
  int nines = 0, held = 0, printed = 0;
  for (int i = 0; i < CELLS; i++) cells[i] = 2;
  for (int n = 0; n <= DIGITS; n++) {
    int carry = 0;
    for (int i = CELLS - 1; i >= 0; i--) {
      int x = 10 * cells[i] + carry * (i + 1);
      cells[i] = i == 0 ? x % 10 : x % (2 * i + 1);
      carry = i == 0 ? x / 10 : x / (2 * i + 1);
    }
    if (carry == 9) {
      nines++;
      continue;
    }
    if (n > 0) printed += printf("%d", held + (carry == 10));
    for (; nines > 0; nines--) printed += printf("%d", carry == 10 ? 0 : 9);
    held = carry == 10 ? 0 : carry;
  }
  printf("\n%d\n", printed);
  return 0;
}
