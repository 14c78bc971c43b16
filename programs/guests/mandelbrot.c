/* A Mandelbrot picture in characters: double arithmetic in a tight loop. */
#include "check.h"

int main(void) {
  uint64_t total = 0;
  for (int y = 0; y < 24; y++) {
    char line[65] = {0};
    for (int x = 0; x < 64; x++) {
      double cr = x / 21.0 - 2.2, ci = y / 10.0 - 1.15, zr = 0, zi = 0;
      int n = 0;
      while (n < 500 && zr * zr + zi * zi < 4) {
        double next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
        n++;
      }
      total += (uint64_t)n;
      line[x] = n == 500 ? '#' : " .:-=+*%"[n % 8];
    }
    puts(line);
  }
  SHOW(total);
  return 0;
}
