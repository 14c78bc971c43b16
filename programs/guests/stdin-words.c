/* Reads standard input to its end and counts; nothing given is an empty input. */
#include "check.h"
#include <ctype.h>

int main(void) {
  long bytes = 0, words = 0, lines = 0, inside = 0;
  for (int c; (c = getchar()) != EOF; bytes++) {
    lines += c == '\n';
    words += !isspace(c) && !inside;
    inside = !isspace(c);
  }
  SHOW(bytes);
  SHOW(words);
  SHOW(lines);
  CHECK(feof(stdin) && !ferror(stdin));
  return check_end();
}
