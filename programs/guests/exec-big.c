/* Large argument lists: 1,000 arguments arrive whole; too much is E2BIG. */
#include "check.h"

static char filler[200001];

int main(int argc, char **argv) {
  if (argc > 1) {
    long total = 0;
    for (int i = 0; i < argc; i++) total += (long)strlen(argv[i]) * (i + 1);
    SHOW(argc);
    SHOW(total - (long)strlen(argv[0]));
    return 0;
  }
  char *self = getenv("SELF"), *environment[] = {NULL};
  char **arguments = calloc(1002, sizeof *arguments);
  memset(filler, 'x', sizeof filler - 1);
  char *huge[] = {self, filler, NULL};
  FAILS(execve(self, huge, environment), E2BIG); /* one string over 128 KiB */
  arguments[0] = self;
  for (int i = 1; i < 1001; i++) arguments[i] = filler + sizeof filler - 1 - i % 90;
  execve(self, arguments, environment);
  return 99;
}
